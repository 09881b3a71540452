// Makes elements. Text from the document or the server becomes text nodes, never HTML.

// element returns an element. Properties are set as attributes; those that start with
// "on" are listeners. Children are elements, texts, or nothing.
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== ""));
  return made;
}

// inline returns text in which `code` is code.
export function inline(text = "") {
  return text.split("`").map((part, i) => (i % 2 ? element("code", {}, part) : part));
}

// prose returns paragraphs, headings and lists, the part of Markdown that the document uses.
export function prose(text = "") {
  return text.trim().split(/\n{2,}/).map((block) => {
    if (block.startsWith("## ")) return element("h2", {}, inline(block.slice(3)));
    if (block.startsWith("- ")) {
      const items = block.slice(2).split(/\n- /);
      return element("ul", {}, items.map((item) => element("li", {}, inline(item))));
    }
    return element("p", {}, inline(block));
  });
}

// table returns a table, or nothing where it would have no row.
export function table(head, rows) {
  if (rows.length === 0) return undefined;
  return element("div", { class: "wide" }, element("table", {},
    element("thead", {}, element("tr", {}, head.map((cell) => element("th", {}, cell)))),
    element("tbody", {}, rows.map((row) => element("tr", {}, row.map((cell) => element("td", {}, cell)))))));
}
