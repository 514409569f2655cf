// A person's browser that has nothing but cookies and forms: for many requests at once, where Chromium
// would be too slow.

const ENTITIES = { quot: '"', amp: '&', lt: '<', gt: '>', '#x2f': '/', '#x27': "'", '#39': "'" };
const unescape = (text) => text.replace(/&([^;]+);/g, (all, name) => ENTITIES[name] ?? all);

const attribute = (tag, name) => {
  const found = tag.match(new RegExp(`\\s${name}="([^"]*)"`));
  return found ? unescape(found[1]) : undefined;
};

/** The JSON in an attribute of the page. */
export function said(page, name) {
  const value = attribute(page.text, name);
  if (value === undefined) throw new Error(`no ${name} on the page:\n${page.text}`);
  return JSON.parse(value);
}

/** What stands in the form that posts to `action`. */
function fieldsOf(page, action) {
  const form = page.text.split('<form').find((one) => attribute(one.split('>')[0], 'action') === action);
  if (!form) throw new Error(`no form for ${action} on the page:\n${page.text}`);
  return form.split('</form>')[0].split('<input').slice(1).map((text) => {
    const tag = ` ${text.split('>')[0]} `;
    const [name, type] = [attribute(tag, 'name'), attribute(tag, 'type')];
    return { name, type, value: attribute(tag, 'value') ?? '' };
  });
}

/** The values of the boxes or choices called `name` in the form that posts to `action`. */
export const offered = (page, action, name) =>
  fieldsOf(page, action).filter((one) => one.name === name).map((one) => one.value);

export class Forms {
  #send;
  #cookies = new Map();

  /** `send` as `wireTo` makes it. */
  constructor(send) {
    this.#send = send;
  }

  async #ask(method, path, form) {
    const cookie = [...this.#cookies].map((pair) => pair.join('=')).join('; ');
    const headers = { cookie, 'sec-fetch-site': 'same-origin' };
    const answer = await this.#send(method, path, { headers, form });
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [name, value] = line.split(';')[0].split(/=(.*)/);
      if (value) this.#cookies.set(name, value);
      else this.#cookies.delete(name);
    }
    return answer;
  }

  get(path) {
    return this.#ask('GET', path);
  }

  /** Opens what redirects of this server lead to; answers the last path too. */
  async follow(path) {
    for (;;) {
      const page = await this.get(path);
      const location = page.headers.location;
      if (!location?.startsWith('/')) return { path, page };
      path = location;
    }
  }

  /** Sends the form of the page that posts to `action`, with these pairs in place of its own. */
  submit(page, action, pairs) {
    const hidden = fieldsOf(page, action).filter((one) => one.type === 'hidden');
    const kept = hidden.filter(({ name }) => !pairs.some(([given]) => given === name));
    return this.#ask('POST', action, [...kept.map(({ name, value }) => [name, value]), ...pairs]);
  }
}
