// Every page in every state: no finding of axe, wide and narrow, light and dark, under the content
// security policy of the server. The crate's tests write the pages; nothing else is started. Pages that
// differ only in their texts are looked at once.
//
// COUNTERSIGN_SHOTS names a folder for screenshots; COUNTERSIGN_ONLY takes pages with that in their name;
// COUNTERSIGN_PAGES names a folder where the pages stand already.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, it } from 'node:test';

import { CHANGES, findings, NARROW, WIDE } from './accessible.mjs';
import { openBrowser } from './browser.mjs';
import { temporaryFolder } from './server.mjs';

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
  + "form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'";
const LOGO = new URL('../../src/domain/logo/samples/plain.png', import.meta.url);
const TYPES = { html: 'text/html; charset=utf-8', css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml', png: 'image/png' };
const SIZES = { wide: WIDE, narrow: NARROW };
const AT_ONCE = 2;

const shots = process.env.COUNTERSIGN_SHOTS;
const only = process.env.COUNTERSIGN_ONLY ?? '';
let folder;
let server;
let browser;
let names;
const colourful = new Set();

before(async () => {
  folder = await temporaryFolder();
  const pages = process.env.COUNTERSIGN_PAGES ?? written();
  names = await differing(pages);
  server = createServer((request, response) => serve(pages, request, response));
  await new Promise((ready) => { server.listen(0, '127.0.0.1', ready); });
  browser = await openBrowser(folder.path);
  if (shots) await mkdir(shots, { recursive: true });
});

after(async () => {
  await browser?.close();
  server?.close();
  await folder?.remove();
});

/** Lets the crate's tests write all pages, and tells where. */
function written() {
  const test = ['test', '--quiet', '--lib', 'view::tests::writes_all_samples', '--', '--ignored'];
  execFileSync('cargo', test, { env: { ...process.env, TMPDIR: folder.path }, stdio: 'pipe' });
  return join(folder.path, 'countersign-pages');
}

/**
 * The pages of which no other has the same elements. Those with elements that none before them has are
 * `colourful`: colours hang on elements alone.
 */
async function differing(pages) {
  const all = (await readdir(pages)).filter((name) => name.endsWith('.html') && name.includes(only)).sort();
  const seen = new Map();
  const known = new Set();
  for (const name of all) {
    const html = await readFile(join(pages, name), 'utf8');
    const tags = new Set(html.match(/<[a-z][^>]*>/g).map((tag) => String([
      name.split('-')[0], tag.match(/^<\w+/)[0], tag.match(/ class="[^"]*"/)?.[0], tag.match(/ (?:type|role)="[^"]*"/g),
    ])));
    const shape = [...tags].sort().join('');
    if (!seen.has(shape)) seen.set(shape, name);
    if ([...tags].some((tag) => !known.has(tag))) colourful.add(name);
    for (const tag of tags) known.add(tag);
  }
  return shots ? all : [...seen.values()];
}

async function serve(pages, request, response) {
  const path = new URL(request.url, 'http://pages').pathname;
  try {
    const body = await readFile(path.startsWith('/logos/') ? LOGO : join(pages, path));
    response.setHeader('Content-Type', TYPES[path.split('.').pop()]);
    response.setHeader('Content-Security-Policy', POLICY);
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
}

/** What is wrong with the page that stands open, in this size and these colours. */
async function wrong(page, size, colorScheme) {
  const rules = CHANGES[size] ?? CHANGES[colorScheme];
  const found = (await findings(page, rules)).map((one) => `${size} ${colorScheme}: ${one}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  if (wide > SIZES[size].width) found.push(`${size}: ${wide} px wide`);
  return found;
}

async function look(page, name) {
  const found = [];
  const heard = (message) => found.push(message);
  page.removeAllListeners('pageerror').removeAllListeners('console');
  page.on('pageerror', (error) => heard(`script: ${error.message}`));
  page.on('console', (message) => message.type() === 'error' && heard(message.text()));
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    await page.goto(`http://127.0.0.1:${server.address().port}/${name}`);
    for (const scheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      // Contrast is the same at every width.
      if (scheme === 'light' || (size === 'wide' && colourful.has(name))) found.push(...await wrong(page, size, scheme));
      if (shots) await page.screenshot({ path: join(shots, `${name.replace('.html', '')}-${size}-${scheme}.png`), fullPage: true });
    }
  }
  for (const one of found) console.error(`${name}: ${one}`);
  return found.map((one) => `${name}: ${one}`);
}

it('finds nothing on any page, wide and narrow, light and dark', async () => {
  const waiting = [...names];
  const found = [];
  const worker = async () => {
    const context = await browser.newContext();
    // One window for all: each new one is a process that begins from nothing.
    const page = await context.newPage();
    while (waiting.length > 0) found.push(...await look(page, waiting.shift()));
    await context.close();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  assert.ok(names.length > 0);
  assert.deepEqual(found, []);
});
