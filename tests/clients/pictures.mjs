// node with-sandbox.mjs node pictures.mjs
//
// Takes the pictures of the README from a fresh sandbox, into docs/images: the consent page, App Connect
// with what has access, and the exact cause of a refused request.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { openBrowser, Person } from './browser.mjs';
import { callbackListener } from './callback.mjs';
import { pkce } from './pkce.mjs';
import { authorizationUrl } from './requests.mjs';
import { api, app, company, site, user } from './site.mjs';
import { CONNECT, confirm, headed, issue, letIn, take, visit } from './workspace.mjs';

const FOLDER = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const SCOPE = 'customers:readonly products:readonly customer_invoices:all trial_balance:readonly';

await mkdir(FOLDER, { recursive: true });
const browser = await openBrowser();
const listener = await callbackListener();
const owner = await Person.arrive(browser, user('owner'), {
  viewport: { width: 1280, height: 760 }, reducedMotion: 'reduce', colorScheme: 'light',
});

async function picture(name, fullPage = true) {
  await owner.page.evaluate(() => document.activeElement?.blur());
  await owner.page.screenshot({ path: join(FOLDER, `${name}.png`), fullPage });
}

function authorizing(redirectUri) {
  const { challenge } = pkce();
  return authorizationUrl(app('oauth_public'), redirectUri, {
    scope: SCOPE, state: 'x', code_challenge: challenge, code_challenge_method: 'S256',
  });
}

async function create(path, fields, titles, make) {
  await visit(owner, path);
  for (const [label, text] of Object.entries(fields)) await owner.field(label).fill(text);
  await owner.field('Company or firm').selectOption({ label: company('acme').name });
  for (const title of titles) await owner.permission(title).check();
  await owner.button('Continue').click();
  await headed(owner, fields.Name);
  await confirm(owner, make);
}

await owner.open(authorizing(listener.redirectUri));
await owner.page.setViewportSize({ width: 760, height: 760 });
await owner.choose(company('acme').name);
await picture('consent');
await owner.page.setViewportSize({ width: 1280, height: 760 });

const { access_token: connected } = await letIn(owner, listener, { place: company('acme').name, scope: SCOPE });
await api(connected, '/customers');
const nightly = app('api_credentials');
const issued = await issue(nightly.client_id, nightly.client_secret);
await api(issued.body.access_token, '/customers');
await create(
  `${CONNECT}/api-credentials/create`, { Name: 'Web shop', Purpose: 'Drafts an invoice for every order' },
  ['Read customers', 'Draft customer invoices'], 'Create Web shop',
);
await take(owner, 'Client secret', 'I have saved it in a password manager or vault');
await create(
  `${CONNECT}/api-tokens/create`, { Name: 'Till export', Purpose: 'Daily takings for the branch managers' },
  ['Read customer invoices'], 'Generate Till export',
);
await take(owner, 'Token', 'I have saved it in a password manager or vault');
await visit(owner, CONNECT);
await picture('app-connect', false);

await owner.page.goto(authorizing('https://desk.example/callbacks').href);
const [reference] = (await owner.text()).match(/req_\w+/);
await visit(owner, `${CONNECT}/activity/${reference}`);
await picture('cause');

await owner.leave();
await listener.close();
await browser.close();
console.log(`${FOLDER}, from ${site.issuer}`);
