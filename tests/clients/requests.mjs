// Requests that several clients make by hand.

import { site } from './site.mjs';

/** An authorization URL; `parameters` add to or replace the usual ones. */
export function authorizationUrl(client, redirectUri, parameters = {}) {
  const url = new URL('/oauth/authorize', site.issuer);
  const all = {
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: redirectUri,
    ...parameters,
  };
  for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value);
  return url;
}

/** Posts a form; answers status, headers and body (parsed if it is JSON). */
export async function postForm(path, form, headers = {}) {
  const response = await fetch(new URL(path, site.issuer), {
    method: 'POST',
    headers,
    body: new URLSearchParams(form),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json');
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}
