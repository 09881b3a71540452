// Shows openapi.json: a list of operations, and a section for each.
import { element, inline, prose, table } from "./dom.js";
import { describe, examples, fields, reader } from "./schema.js";
import { tryIt } from "./try.js";

// everywhere is the parameter that every operation takes: the text at the top describes it.
const everywhere = "X-Request-ID";

const main = document.getElementById("main");
const menu = document.getElementById("menu");
const filter = document.getElementById("filter");

try {
  const api = await (await fetch("openapi.json")).json();
  render(api);
} catch (error) {
  main.append(element("p", { class: "failed" }, `openapi.json cannot be read: ${error.message}`));
}

// isWide reports whether the list of operations stands beside the operations.
function isWide() {
  return matchMedia("(min-width: 60rem)").matches;
}

function render(api) {
  const follow = reader(api);
  const operations = operationsOf(api, follow);
  document.title = `${api.info.title} API`;
  document.getElementById("name").textContent = api.info.title;
  main.append(element("h1", {}, `${api.info.title} API`), element("p", { class: "lead" }, api.info.summary));
  main.append(element("details", { class: "about", open: isWide() }, element("summary", {}, "What holds for every request"), prose(api.info.description)));
  for (const tag of api.tags) {
    const own = operations.filter((operation) => operation.tags[0] === tag.name);
    main.append(element("section", {}, element("h2", {}, tag.name), prose(tag.description), own.map((operation) => section(operation, follow))));
    document.getElementById("list").append(element("div", {}, element("h3", {}, tag.name), own.map(link)));
  }
  main.append(codes(api.components.schemas.Code));
  menu.open = isWide();
  filter.addEventListener("input", hideOthers);
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

// operationsOf lists the operations with what their paths and references add.
function operationsOf(api, follow) {
  return Object.entries(api.paths).flatMap(([path, item]) =>
    ["get", "post", "put", "patch", "delete"].filter((method) => item[method]).map((method) => {
      const operation = item[method];
      const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map(follow).filter(({ name }) => name !== everywhere);
      return {
        ...operation,
        path,
        method: method.toUpperCase(),
        parameters: parameters.map((parameter) => ({ ...parameter, schema: follow(parameter.schema) })),
        requestBody: follow(operation.requestBody),
        readsToken: (operation.security ?? []).some((scheme) => Object.keys(scheme).length > 0),
      };
    }));
}

function link({ operationId, method, path, summary }) {
  return element("a", { href: `#${operationId}`, title: summary, onclick: () => { menu.open = isWide(); } },
    element("span", { class: `method ${method}` }, method), element("span", {}, path));
}

function hideOthers() {
  const wanted = filter.value.toLowerCase();
  for (const a of document.querySelectorAll("#list a")) {
    a.hidden = !`${a.textContent} ${a.title}`.toLowerCase().includes(wanted);
  }
}

function section(operation, follow) {
  const form = element("details", { class: "trying" }, element("summary", {}, "Try it"));
  form.addEventListener("toggle", () => { if (form.children.length === 1) form.append(tryIt(operation)); });
  return element("article", { id: operation.operationId },
    element("h3", {}, element("span", { class: `method ${operation.method}` }, operation.method), " ", element("code", {}, operation.path)),
    element("p", { class: "summary" }, operation.summary, ". ", element("small", {}, access(operation))),
    prose(operation.description),
    parameterTable(operation),
    bodyTable(operation, follow),
    answers(operation, follow),
    form);
}

// access says which token the operation reads.
function access(operation) {
  const schemes = (operation.security ?? []).map((scheme) => Object.keys(scheme)[0] ?? "");
  const names = schemes.filter(Boolean).map((name) => (name === "operatorToken" ? "the operator token" : "an access token"));
  if (names.length === 0) return "It reads no token.";
  return `${schemes.includes("") ? "It may have" : "It needs"} ${names.join(" or ")}.`;
}

function parameterTable({ parameters }) {
  return table(["Parameter", "In", "Takes", ""], parameters.map(({ name, in: place, required, schema, description }) =>
    [fieldName(name, required), place, describe(schema), inline(description ?? schema.description)]));
}

function bodyTable({ requestBody }, follow) {
  const schema = Object.values(requestBody?.content ?? {})[0]?.schema;
  return schema && [element("h4", {}, "Body"), fieldTable(schema, follow)];
}

function fieldTable(schema, follow) {
  return table(["Field", "Takes", ""], fields(follow, schema).map((field) =>
    [fieldName(field.name, field.required), describe(field.schema), inline(field.schema.description)]));
}

function fieldName(name, required) {
  return [element("code", {}, name), required ? element("small", {}, " required") : ""];
}

function answers({ responses }, follow) {
  return [element("h4", {}, "Answers"), Object.entries(responses).map(([status, response]) => {
    const { description, content } = follow(response);
    const media = content?.["application/json"] ?? content?.["application/jwk-set+json"];
    const named = content?.["application/problem+json"]?.schema.properties.code.enum ?? [];
    const head = [element("span", { class: `status s${status[0]}` }, status), " ", inline(description), named.map((code) => [" ", element("code", { class: "code" }, code)])];
    if (!media) return element("p", { class: "response" }, head);
    const schemas = follow(media.schema).oneOf ?? [media.schema];
    return element("details", { class: "response" }, element("summary", {}, head),
      schemas.map((schema, i) => [i > 0 ? element("p", {}, "or") : "", fieldTable(schema, follow)]),
      examples(media).map(({ name, value }) => [element("h4", {}, name), element("pre", {}, JSON.stringify(value, null, 2))]));
  })];
}

function codes(schema) {
  return element("section", { id: "codes" }, element("h2", {}, "Codes"), prose(schema.description),
    table(["Code", "Kind", "Field", ""], schema.oneOf.map((code) =>
      [element("code", {}, code.const), code["x-kind"], code["x-field"] ? element("code", {}, code["x-field"]) : "", inline(code.description)])));
}
