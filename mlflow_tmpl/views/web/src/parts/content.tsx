// What the catalog shows of a dataset. All text is escaped where it is made; of what came through all the same only plain tables,
// texts and pictures of the page itself are left.

import { useEffect, useRef } from "preact/hooks";

const ELEMENTS = new Set(["DIV", "H1", "SMALL", "P", "TABLE", "THEAD", "TBODY", "TR", "TH", "TD", "PRE", "SPAN", "IMG"]);
const ATTRIBUTES = new Set(["class", "tabindex", "alt", "colspan"]);

export function Content({ of, name }: { of: string; name: string }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const found = new DOMParser().parseFromString(of, "text/html").querySelector(".mlo-preview");
    place.current?.replaceChildren(...(found ? [plain(found)] : []));
  }, [of]);
  return <div ref={place} class="preview" tabIndex={0} role="region" aria-label={`Content of ${name}`} />;
}

function plain(root: Element): Element {
  for (const element of root.querySelectorAll("*")) {
    const shown = element.getAttribute("src") ?? "";
    if (!ELEMENTS.has(element.tagName) || (element.tagName === "IMG" && !shown.startsWith("data:image/"))) element.remove();
    else for (const { name } of [...element.attributes]) if (!ATTRIBUTES.has(name) && name !== "src") element.removeAttribute(name);
  }
  return root;
}
