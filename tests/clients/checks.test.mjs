// The tests' own tools: the codes that they hand out, and that the checks of a page find anything.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, it } from 'node:test';

import { assertAccessible, tabTo } from './accessible.mjs';
import { openBrowser } from './browser.mjs';
import { anyCode, currentStep, totp } from './codes.mjs';
import { temporaryFolder } from './server.mjs';

let folder;
let browser;
let page;

before(async () => {
  folder = await temporaryFolder();
  process.env.COUNTERSIGN_CODES = join(folder.path, 'codes.json');
  browser = await openBrowser(folder.path);
  page = await (await browser.newContext()).newPage();
});

after(async () => {
  await browser?.close();
  await folder?.remove();
});

const document = (body, style = '') =>
  `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width, initial-scale=1">
   <title>Page</title><style>${style}</style><main><h1>Page</h1>${body}</main>`;

it('hands out the codes of RFC 6238', () => {
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
  const examples = { 59: '287082', 1111111109: '081804', 1234567890: '005924', 20000000000: '353130' };
  for (const [seconds, code] of Object.entries(examples)) {
    assert.equal(totp(secret, Math.floor(seconds / 30)), code);
  }
});

it('hands out recovery codes before it waits, but none for a new authenticator', async () => {
  const user = { email: 'nadia@acme.example', totp_secret: 'GEZDGNBVGY3TQOJQ', recovery_codes: ['first', 'second'] };
  while (await anyCode(user) !== 'second');
  user.totp_secret = 'MFRGGZDFMZTWQ2LK';
  const code = await anyCode(user);
  const current = currentStep();
  assert.ok([-2, -1, 0].some((away) => totp(user.totp_secret, current + away) === code), code);
});

it('lets a plain page pass', async () => {
  await page.setContent(document('<p>Text</p><button>Press</button>'));
  await assertAccessible(page, 'plain page');
});

it('finds a field without a label', async () => {
  await page.setContent(document('<input type="text">'));
  await assert.rejects(assertAccessible(page, 'page'), /label/);
});

it('finds poor contrast in dark only', async () => {
  const style = '@media (prefers-color-scheme: dark) { body { background: #000; color: #333 } }';
  await page.setContent(document('<p>Text</p>', style));
  await assert.rejects(assertAccessible(page, 'page'), /dark/);
});

it('finds a page that is too wide', async () => {
  await page.setContent(document('<p style="width: 400px">Text</p>'));
  await assert.rejects(assertAccessible(page, 'page'), /px wide/);
});

it('finds a focus that cannot be seen', async () => {
  await page.setContent(document('<button>Press</button>', 'button { outline: none }'));
  await assert.rejects(tabTo(page, 'Press'), /cannot be seen/);
});
