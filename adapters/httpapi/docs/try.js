// The form that sends a request, and shows its answer.
import { element } from "./dom.js";
import { describe, examples } from "./schema.js";

const caller = document.getElementById("caller").elements;

// base is where the API is mounted: this page is the file "docs" in it.
const base = new URL(".", document.baseURI).href.replace(/\/$/, "");

const formType = "application/x-www-form-urlencoded";

// tryIt returns the form of an operation.
export function tryIt(operation) {
  const inputs = operation.parameters.map((parameter) => ({ parameter, input: inputOf(parameter) }));
  const body = bodyOf(operation);
  const result = element("div", { "aria-live": "polite" });
  const curl = element("pre", { class: "curl" });
  const form = element("form", { class: "try", onsubmit: send, oninput: show },
    inputs.map(({ parameter, input }) => element("label", {}, parameter.name, input)),
    body && element("label", {}, "Body", body.chooser, body.text),
    element("button", {}, "Send"), result,
    element("details", { ontoggle: show }, element("summary", {}, "As a curl command"), curl));

  function request() {
    let path = operation.path;
    const query = new URLSearchParams();
    const headers = {};
    for (const { parameter, input } of inputs) {
      const value = input.value || (parameter.name === "X-Tenant-ID" ? caller.tenant.value : "");
      if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, segment(parameter, value));
      else if (value !== "" && parameter.in === "query") query.append(parameter.name, value);
      else if (value !== "") headers[parameter.name] = value;
    }
    if (operation.readsToken && caller.token.value) headers.Authorization = `Bearer ${caller.token.value}`;
    if (body) headers["Content-Type"] = body.type;
    return { method: operation.method, url: base + path + (query.size ? `?${query}` : ""), headers, body: body?.text.value };
  }

  function show() {
    const { method, url, headers, body: content } = request();
    const lines = [`curl -X ${method} ${quote(url)}`];
    for (const [name, value] of Object.entries(headers)) lines.push(`-H ${quote(`${name}: ${value}`)}`);
    if (content !== undefined) lines.push(`--data-binary ${quote(content)}`);
    curl.textContent = lines.join(" \\\n  ");
  }

  async function send(event) {
    event.preventDefault();
    show();
    const { url, ...options } = request();
    const began = performance.now();
    try {
      const answer = await fetch(url, { ...options, credentials: "omit", cache: "no-store" });
      result.replaceChildren(await shown(answer, performance.now() - began));
    } catch (error) {
      result.replaceChildren(element("p", { class: "failed" }, `The request failed: ${error.message}`));
    }
  }

  show();
  return form;
}

// segment escapes the value of a parameter for a path. The key of a file alone keeps its slashes.
function segment({ name }, value) {
  return name === "key" ? value.split("/").map(encodeURIComponent).join("/") : encodeURIComponent(value);
}

function inputOf(parameter) {
  const { schema } = parameter;
  if (schema.enum) {
    return element("select", {}, element("option", { value: "" }, ""), schema.enum.map((value) => element("option", {}, value)));
  }
  const isTenant = parameter.name === "X-Tenant-ID";
  const input = element("input", {
    placeholder: isTenant ? "as above" : parameter.example ?? describe(schema),
    required: parameter.required && !isTenant,
    spellcheck: "false",
    autocapitalize: "off",
  });
  if (parameter.required && !isTenant) input.value = parameter.example ?? "";
  return input;
}

// bodyOf returns the text field of a request's body, and a choice where the document has
// several examples.
function bodyOf(operation) {
  const [type, media] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  if (!type) return undefined;
  const write = type === formType ? (value) => new URLSearchParams(value).toString() : (value) => JSON.stringify(value, null, 2);
  const choices = examples(media).map(({ name, value }) => ({ name, content: write(value) }));
  const text = element("textarea", { rows: 8, spellcheck: "false", autocapitalize: "off" });
  const fill = (content = "") => {
    text.value = content;
    text.rows = Math.max(3, content.split("\n").length);
  };
  fill(choices[0]?.content);
  const chooser = choices.length > 1 && element("select", { oninput: (event) => fill(choices[event.target.selectedIndex].content) },
    choices.map(({ name }) => element("option", {}, name)));
  return { type: type === "*/*" ? "text/plain" : type, text, chooser: chooser || "" };
}

async function shown(answer, milliseconds) {
  const headers = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
  return element("div", { class: "answer" },
    element("p", {}, element("strong", { class: answer.ok ? "good" : "bad" }, `${answer.status} ${answer.statusText}`), ` in ${Math.round(milliseconds)} ms`),
    element("details", {}, element("summary", {}, "Headers"), element("pre", {}, headers)),
    element("pre", {}, await content(answer)));
}

// content returns the answer's body as text. A token in it is the caller's from now on.
async function content(answer) {
  const type = answer.headers.get("Content-Type") ?? "";
  if (type.includes("json")) {
    const value = await answer.json();
    if (value.AccessToken) {
      caller.token.value = value.AccessToken;
      caller.token.dispatchEvent(new Event("change"));
    }
    return JSON.stringify(value, null, 2);
  }
  if (type.startsWith("text/")) return answer.text();
  const { size } = await answer.blob();
  return size === 0 ? "no body" : `${size} bytes of ${type || "an unnamed type"}`;
}

function quote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
