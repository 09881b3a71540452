// Reads the OpenAPI document: references, and the fields of a schema.

// reader returns a function that replaces a reference by what it refers to. What stands
// beside a reference is added.
export function reader(api) {
  return function follow(value) {
    if (!value?.$ref) return value;
    const { $ref, ...beside } = value;
    const target = $ref.slice(2).split("/").reduce((place, name) => place[name.replaceAll("~1", "/").replaceAll("~0", "~")], api);
    return { ...follow(target), ...beside };
  };
}

// fields lists the fields of a schema with those inside them, as "tenants[].name".
export function fields(follow, schema, path = "") {
  schema = follow(schema);
  if (schema?.type === "array") return fields(follow, schema.items, path + "[]");
  if (schema?.type !== "object") return [];
  const dot = path === "" ? "" : path + ".";
  const named = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const field = follow(property);
    return [
      { name: dot + name, required: schema.required?.includes(name), schema: field },
      ...fields(follow, field, dot + name),
    ];
  });
  return schema.additionalProperties ? [...named, ...fields(follow, schema.additionalProperties, dot + "*")] : named;
}

// describe says in a few words what a schema takes.
export function describe(schema) {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.join(", ");
  const parts = [schema.format ? `${schema.type} (${schema.format})` : schema.type ?? "any"];
  const length = range(schema.minLength, schema.maxLength);
  if (length) parts.push(`${length} characters`);
  const size = range(schema.minimum, schema.maximum);
  if (size) parts.push(size);
  if (schema.default !== undefined) parts.push(`default ${schema.default}`);
  return parts.join(", ");
}

function range(least, most) {
  if (least === undefined && most === undefined) return "";
  if (most === undefined) return `at least ${least.toLocaleString("en")}`;
  return least === undefined ? `at most ${most.toLocaleString("en")}` : `${least.toLocaleString("en")} to ${most.toLocaleString("en")}`;
}

// examples lists the examples of a media type, each with a name.
export function examples(media) {
  if (media?.example !== undefined) return [{ name: "Example", value: media.example }];
  return Object.values(media?.examples ?? {}).map((example) => ({ name: example.summary, value: example.value }));
}
