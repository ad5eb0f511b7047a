// Python in colours: enough to read by, not a parser.

export interface Token {
  kind: "" | "comment" | "string" | "decorator" | "keyword" | "name" | "number";
  text: string;
}

const TOKEN = /(#[^\n]*)|([rbfuRBFU]{0,2}(?:"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?))|(@[\w.]+)|\b((?:def|class)\b)(\s+)(\w+)|\b(False|None|True|and|as|assert|async|await|break|case|continue|del|elif|else|except|finally|for|from|global|if|import|in|is|lambda|match|nonlocal|not|or|pass|raise|return|try|while|with|yield)\b|\b(\d[\w.]*)/g;

export function tokens(source: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  for (const match of source.matchAll(TOKEN)) {
    if (match.index > at) found.push({ kind: "", text: source.slice(at, match.index) });
    const [all, comment, text, decorator, definition, gap, name, keyword] = match;
    if (definition) found.push({ kind: "keyword", text: definition }, { kind: "", text: gap! }, { kind: "name", text: name! });
    else found.push({ kind: comment ? "comment" : text ? "string" : decorator ? "decorator" : keyword ? "keyword" : "number", text: all });
    at = match.index + all.length;
  }
  if (at < source.length) found.push({ kind: "", text: source.slice(at) });
  return found;
}
