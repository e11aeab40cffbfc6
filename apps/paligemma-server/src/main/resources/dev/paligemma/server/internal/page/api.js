// Talks to the server: what it is, and questions whose answers come as events.

/** An answer other than 200, or an error within the events. */
export class Refusal extends Error {
  constructor(status, error, retryAfter) {
    super(error.message ?? `the server answered with status ${status}`);
    this.status = status;
    this.code = error.code;
    this.retryAfter = retryAfter;
  }
}

let key = '';

/** Sends this key with all requests from now on; it is kept in this page alone. */
export function useKey(newKey) {
  key = newKey;
}

export function hasKey() {
  return key !== '';
}

function headers(more = {}) {
  return key ? { ...more, Authorization: `Bearer ${key}` } : more;
}

async function refusal(response) {
  let error = {};
  try {
    error = (await response.json()).error ?? {};
  } catch {
    // Something between us and the server has answered.
  }
  return new Refusal(response.status, error, response.headers.get('Retry-After'));
}

/** What is served. */
export async function info() {
  const response = await fetch('v1/info', { headers: headers(), cache: 'no-store' });
  if (!response.ok) {
    throw await refusal(response);
  }
  return response.json();
}

/** Asks, and hands on each event by its name, until the answer is complete or the signal aborts. */
export async function ask(path, fields, signal, onEvent) {
  const body = new FormData();
  for (const [name, value, file] of fields) {
    if (file) {
      body.append(name, value, file);
    } else {
      body.append(name, value);
    }
  }
  body.append('stream', 'true');
  const response = await fetch(path, {
    method: 'POST',
    body,
    signal,
    headers: headers({ Accept: 'text/event-stream' }),
  });
  if (!response.ok) {
    throw await refusal(response);
  }
  let ended = false;
  for await (const { name, data } of events(response.body)) {
    if (name === 'error') {
      throw new Refusal(response.status, data.error ?? {}, null);
    }
    ended ||= name === 'done';
    onEvent(name, data);
  }
  if (!ended) {
    throw new Error('the connection ended before the answer did');
  }
}

async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return;
    }
    text += value;
    let end;
    while ((end = text.indexOf('\n\n')) >= 0) {
      const event = parse(text.slice(0, end));
      text = text.slice(end + 2);
      if (event) {
        yield event;
      }
    }
  }
}

function parse(block) {
  let name = 'message';
  const data = [];
  for (const line of block.split('\n')) {
    if (line.startsWith('event:')) {
      name = line.slice(6).trim();
    } else if (line.startsWith('data:')) {
      data.push(line.slice(5).trimStart());
    }
  }
  return data.length ? { name, data: JSON.parse(data.join('\n')) } : null;
}
