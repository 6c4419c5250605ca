// Asking the server. A refusal becomes a Refusal that knows its field.
export class Refusal extends Error {
  constructor(status, errors) {
    super(errors.map((each) => each.message).join(" "));
    this.status = status;
    this.errors = errors;
  }
}

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Refusal(0, [{ field: null, message: "The server does not answer. Start it again with: initlab serve" }]);
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refusal(answer.status, body.errors ?? [{ field: null, message: `The server answered ${answer.status}.` }]);
  return body;
}

export const get = (path) => ask(path);
export const post = (path, document) =>
  ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(document) });
export const remove = (path) => ask(path, { method: "DELETE" });
