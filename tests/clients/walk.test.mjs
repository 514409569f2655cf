// A walk through the whole workspace, from link to link, as people of different roles: every page that a
// link leads to opens, none has a finding of axe, and each is photographed wide and narrow.
//
// COUNTERSIGN_SHOTS names the folder for the photographs; target/screens otherwise.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'node:test';

import { assertFits, CHANGES, findings, NARROW, show, WIDE } from './accessible.mjs';
import { openBrowser, Person } from './browser.mjs';
import { callbackListener } from './callback.mjs';
import { pkce } from './pkce.mjs';
import { authorizationUrl, postForm } from './requests.mjs';
import { app, site, user } from './site.mjs';

const SHOTS = process.env.COUNTERSIGN_SHOTS ?? fileURLToPath(new URL('../../target/screens', import.meta.url));
const START = '/settings/app-connect';
/** Windows that walk side by side. */
const AT_ONCE = 2;
const HERE = /^\/(settings|docs|$)/;
/** Files to keep, not pages to look at. */
const FILE = /\/(export|env)(\.\w+)?(\?|$)|\.(csv|jsonl|json|zip|png)(\?|$)/;
/** What only differs in the object, the page of a list, or the values of a filter is the same page. */
const kindOf = (path) => path
  .replace(/[?&](after|before|q|template|app|person|from|to|status|kind|what|outcome)=[^&]*/g, '')
  .replace(/\/(cs_[a-z]+_\w+|[a-z]+_[0-9A-Za-z]{22}|req_\w+)/g, '/{object}')
  .replace(/#.*$/, '');

describe('a walk through the workspace', { timeout: 900_000 }, () => {
  let browser;

  before(async () => {
    browser = await openBrowser();
    await mkdir(SHOTS, { recursive: true });
    await connect('owner');
  });

  after(() => browser?.close());

  /** Something to look at: a connection of this person. */
  async function connect(name) {
    const listener = await callbackListener();
    const person = await Person.arrive(browser, user(name));
    const { verifier, challenge } = pkce();
    const client = app('oauth_public');
    const url = authorizationUrl(client, listener.redirectUri, {
      scope: 'customers:readonly customer_invoices:all',
      state: 'x',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    });
    const back = await person.approve(url, listener);
    const answer = await postForm('/oauth/token', {
      grant_type: 'authorization_code',
      client_id: client.client_id,
      redirect_uri: listener.redirectUri,
      code: back.searchParams.get('code'),
      code_verifier: verifier,
    });
    assert.equal(answer.status, 200);
    await person.leave();
    await listener.close();
  }

  /** Windows of one person, signed in once. */
  async function arrive(name, count) {
    const first = await Person.arrive(browser, user(name), { viewport: WIDE, reducedMotion: 'reduce' });
    await first.page.goto(site.issuer + START);
    await first.signIn();
    const { context } = first;
    const more = Array.from({ length: count - 1 }, async () => new Person(first.user, context, await context.newPage()));
    return [first, ...(await Promise.all(more))];
  }

  /** Goes everywhere; `look` is called on each kind of page once. Answers how many kinds there were. */
  async function walk(windows, look) {
    const seen = new Set([kindOf(START)]);
    const broken = [];
    let found = [{ path: START, from: 'nowhere' }];
    while (found.length > 0) {
      const waiting = found;
      found = [];
      await Promise.all(windows.map(async ({ page }) => {
        for (let next = waiting.shift(); next; next = waiting.shift()) {
          const { path, from } = next;
          const answer = await page.goto(site.issuer + path);
          if (answer.status() !== 200) {
            broken.push(`${answer.status()} ${path}, linked from ${from}`);
            continue;
          }
          const links = await page.locator('a[href^="/"]').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
          await look(page, kindOf(path));
          for (const link of links) {
            const kind = kindOf(link);
            // The guide speaks to everybody: it names pages that not everybody may open.
            const advised = path.startsWith('/docs') && !link.startsWith('/docs');
            if (!HERE.test(link) || FILE.test(link) || advised || seen.has(kind)) continue;
            seen.add(kind);
            found.push({ path: link, from: path });
          }
        }
      }));
    }
    assert.deepEqual(broken, []);
    assert.deepEqual(windows.flatMap((person) => person.faults), []);
    return seen.size;
  }

  /** What is wrong with a page, light and dark, wide and narrow; contrast is the same at every width. */
  async function examine(page, kind) {
    const found = [];
    const photograph = (width) => {
      const name = `${kind.replace(/^\//, '').replace(/[^a-z0-9]+/gi, '-')}-${width}.png`;
      return page.screenshot({ path: join(SHOTS, name), fullPage: true });
    };
    const look = async (how, rules) => found.push(...(await findings(page, rules)).map((one) => `${kind}, ${how}: ${one}`));
    await show(page, 'light', WIDE);
    await look('light');
    await assertFits(page, kind).catch((error) => found.push(error.message));
    await photograph(WIDE.width);
    await show(page, 'dark');
    await look('dark', CHANGES.dark);
    await show(page, 'light', NARROW);
    await look('narrow', CHANGES.narrow);
    await assertFits(page, kind).catch((error) => found.push(error.message));
    await photograph(NARROW.width);
    await page.setViewportSize(WIDE);
    return found;
  }

  it('finds every page of an owner open, and nothing wrong on any', async () => {
    const windows = await arrive('owner', AT_ONCE);
    const found = [];
    const kinds = await walk(windows, async (page, kind) => found.push(...(await examine(page, kind))));
    assert.deepEqual(found, []);
    assert.ok(kinds > 40, `only ${kinds} pages`);
    await windows[0].leave();
  });

  for (const name of ['viewer', 'partner']) {
    it(`never leads a ${name} to a page that refuses them`, async () => {
      const windows = await arrive(name, AT_ONCE);
      await walk(windows, async () => {});
      await windows[0].leave();
    });
  }
});
