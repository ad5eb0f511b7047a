// What Mermaid cleans labels with, where there is no document.

export default { addHook: () => {}, sanitize: (text: string) => text };
