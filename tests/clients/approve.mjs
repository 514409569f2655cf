// node approve.mjs USER COMPANY AUTHORIZATION_URL
//
// The person at the browser for clients that are not written in JavaScript: signs in, consents
// for the company and prints the URL with which the browser came back.

import { createServer } from 'node:http';

import { openBrowser, Person } from './browser.mjs';
import { company, user } from './site.mjs';

const [who, where, url] = process.argv.slice(2);
const redirect = new URL(new URL(url).searchParams.get('redirect_uri'));

const server = createServer();
const back = new Promise((resolve) => {
  server.on('request', (request, response) => {
    response.end('Back in the program');
    resolve(new URL(request.url, redirect).href);
  });
});
await new Promise((resolve) => server.listen(Number(redirect.port), redirect.hostname, resolve));
const browser = await openBrowser();
try {
  const person = await Person.arrive(browser, user(who));
  await person.open(url);
  await person.choose(company(where).name);
  await person.allow();
  console.log(await back);
} finally {
  await browser.close();
  server.closeAllConnections();
  server.close();
}
