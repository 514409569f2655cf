// The sandbox that `with-sandbox.mjs` started, as its clients know it.

import { readFileSync } from 'node:fs';

/** What `sandbox --json` printed. */
export const site = JSON.parse(readFileSync(process.env.COUNTERSIGN_SITE, 'utf8'));

function only(list, matches, what) {
  const found = list.find(matches);
  if (!found) throw new Error(`the sandbox has no ${what}`);
  return found;
}

/** The user whose address begins like this: `owner`, `viewer`, `partner`, `junior`. */
export const user = (name) =>
  only(site.users, (one) => one.email.startsWith(`${name}@`), `user ${name}`);
export const company = (slug) => only(site.companies, (one) => one.slug === slug, `company ${slug}`);
export const firm = (slug) => only(site.firms, (one) => one.slug === slug, `firm ${slug}`);
/** The sample app of this kind. */
export const app = (kind) => only(site.apps, (one) => one.kind === kind, `app ${kind}`);

/** Calls the protected interface; answers status, headers and the JSON body. */
export async function api(token, path, { method = 'GET', headers = {}, body } = {}) {
  const response = await fetch(site.api_base + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body ? { 'content-type': 'application/json' } : {}),
      ...headers,
    },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text && JSON.parse(text) };
}
