// Requests exactly as written: nothing is normalized, added or followed on the way.

import { readFileSync } from 'node:fs';
import { request } from 'node:https';

/**
 * A function that sends one request to `site`. Path and headers go out as they are; `form` is an
 * object or a list of pairs. Each request has a connection of its own, unless `agent` keeps some.
 */
export function wireTo(site, agent = false) {
  const { hostname, port } = new URL(site.issuer);
  const ca = readFileSync(site.ca_file);
  return function send(method, path, { headers = {}, body, form } = {}) {
    const text = form ? new URLSearchParams(form).toString() : body;
    const all = {
      ...(form ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
      ...(text === undefined ? {} : { 'content-length': Buffer.byteLength(text) }),
      ...headers,
    };
    const options = { hostname, servername: hostname, port, ca, method, path, headers: all, agent };
    return new Promise((resolve, reject) => {
      const outgoing = request(options, (answer) => {
        const chunks = [];
        answer.on('data', (chunk) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => resolve(answered(answer, Buffer.concat(chunks).toString())));
      });
      outgoing.on('error', reject);
      outgoing.end(text);
    });
  };
}

function answered(answer, text) {
  const isJson = text && answer.headers['content-type']?.startsWith('application/json');
  const { statusCode: status, headers } = answer;
  return { status, headers, text, body: isJson ? JSON.parse(text) : undefined };
}

/** The header of client_secret_basic. */
export const basic = ({ client_id: id, client_secret: secret }) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});

export const bearer = (token) => ({ authorization: `Bearer ${token}` });
