// node approve.mjs [--listening] [--untick PERMISSION] USER COMPANY AUTHORIZATION_URL
//
// The person at the browser for clients that are not written in JavaScript: signs in, consents
// for the company and prints the URL with which the browser came back. `--listening` says that the
// client waits there for the browser itself.

import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

import { openBrowser, Person } from './browser.mjs';
import { company, user } from './site.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { listening: { type: 'boolean' }, untick: { type: 'string' } },
});
const [who, where, url] = positionals;
const redirect = new URL(new URL(url).searchParams.get('redirect_uri'));

const server = createServer();
const back = new Promise((resolve) => {
  server.on('request', (request, response) => {
    response.end('Back in the program');
    resolve(new URL(request.url, redirect).href);
  });
});
if (!values.listening) {
  await new Promise((resolve) => server.listen(Number(redirect.port), redirect.hostname, resolve));
}
const browser = await openBrowser();
try {
  const person = await Person.arrive(browser, user(who));
  await person.open(url);
  await person.choose(company(where).name);
  if (values.untick) await person.permission(values.untick).uncheck();
  await person.allow();
  if (values.listening) await person.page.waitForURL((url) => url.origin === redirect.origin);
  console.log(values.listening ? person.page.url() : await back);
} finally {
  await browser.close();
  server.closeAllConnections();
  server.close();
}
