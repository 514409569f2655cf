// The sandbox that `with-sandbox.mjs` started, as its clients know it.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

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

/** A client program's own end of the flow: it waits on a loopback port for the browser. */
export async function callbackListener() {
  const arrived = [];
  const waiting = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url, redirectUri);
    if (url.pathname !== '/callback') {
      response.writeHead(404).end();
      return;
    }
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end('<!doctype html><html lang="en"><title>Back</title><h1>Back in the program</h1>');
    const next = waiting.shift();
    if (next) next(url);
    else arrived.push(url);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const redirectUri = `http://127.0.0.1:${server.address().port}/callback`;
  return {
    redirectUri,
    /** The URL with which the browser comes back. */
    next: () =>
      arrived.length > 0
        ? Promise.resolve(arrived.shift())
        : new Promise((resolve, reject) => {
            const late = setTimeout(() => reject(new Error('the browser did not come back')), 20_000);
            waiting.push((url) => {
              clearTimeout(late);
              resolve(url);
            });
          }),
    /** Whether the browser came back without being waited for. */
    cameBack: () => arrived.length > 0,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

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
