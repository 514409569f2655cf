// Lighthouse: full marks for accessibility and best practices on the pages that people meet most.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import lighthouse from 'lighthouse';

import { openProfile, Person } from './browser.mjs';
import { pkce } from './pkce.mjs';
import { authorizationUrl } from './requests.mjs';
import { temporaryFolder } from './server.mjs';
import { app, site, user } from './site.mjs';

const CATEGORIES = ['accessibility', 'best-practices'];
const SETTINGS = {
  onlyCategories: CATEGORIES,
  formFactor: 'desktop',
  screenEmulation: { disabled: true },
  // Nothing is throttled: that is for the marks of speed. Nothing on these pages comes later than they do.
  throttlingMethod: 'simulate',
  pauseAfterFcpMs: 0,
  pauseAfterLoadMs: 0,
  networkQuietThresholdMs: 0,
  cpuQuietThresholdMs: 0,
  skipAboutBlank: true,
  disableFullPageScreenshot: true,
  // Signing in again for each page would test nothing more.
  disableStorageReset: true,
};

describe('Lighthouse', { timeout: 600_000 }, () => {
  let folder;
  let context;
  let port;
  let owner;

  before(async () => {
    folder = await temporaryFolder();
    context = await openProfile(join(folder.path, 'profile'));
    const active = await readFile(join(folder.path, 'profile', 'DevToolsActivePort'), 'utf8');
    port = Number(active.split('\n')[0]);
    owner = new Person(user('owner'), context, context.pages()[0] ?? (await context.newPage()));
  });

  after(async () => {
    await context?.close();
    await folder?.remove();
  });

  async function assertFullMarks(url) {
    const { lhr } = await lighthouse(url, { port, output: 'json', logLevel: 'error' }, {
      extends: 'lighthouse:default',
      settings: SETTINGS,
    });
    assert.equal(lhr.runtimeError, undefined, `${url}: ${lhr.runtimeError?.message}`);
    assert.equal(new URL(lhr.finalDisplayedUrl).pathname, new URL(url).pathname);
    for (const id of CATEGORIES) {
      const { score, auditRefs } = lhr.categories[id];
      const short = auditRefs
        .map((ref) => lhr.audits[ref.id])
        .filter((audit) => audit.score !== null && audit.score < 1)
        .map((audit) => `${audit.id}: ${audit.title} ${JSON.stringify(audit.details?.items ?? [])}`);
      assert.equal(score, 1, `${url}: ${id} ${score}: ${short.join('\n')}`);
    }
  }

  it('finds nothing on the sign-in', async () => {
    await assertFullMarks(`${site.issuer}/sign-in`);
  });

  it('finds nothing on the consent page', async () => {
    const { challenge } = pkce();
    const url = authorizationUrl(app('oauth_public'), 'http://127.0.0.1:5555/callback', {
      scope: 'customers:readonly customer_invoices:all',
      state: 'x',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    });
    await owner.open(url);
    await assertFullMarks(owner.page.url());
  });

  for (const path of [
    '/settings/app-connect',
    '/settings/app-connect/api-credentials',
    `/settings/app-connect/api-credentials/${app('api_credentials').client_id}`,
    '/settings/app-connect/oauth-connections',
    '/docs',
  ]) {
    it(`finds nothing on ${path.replace(/cs_app_\w+/, '{app}')}`, async () => {
      await assertFullMarks(site.issuer + path);
    });
  }
});
