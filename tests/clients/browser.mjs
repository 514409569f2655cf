// A real browser, used by labels only: what a person reads is what these helpers look for.

import { chromium } from 'playwright-core';

import { anyCode } from './codes.mjs';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts Chromium with the home folder that trusts the site's CA. */
export function openBrowser(home = process.env.COUNTERSIGN_BROWSER_HOME) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: FLAGS,
    env: { ...process.env, HOME: home },
  });
}

/** Starts Chromium with one profile for all windows, which other programs can steer too. */
export function openProfile(folder, home = process.env.COUNTERSIGN_BROWSER_HOME) {
  return chromium.launchPersistentContext(folder, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [...FLAGS, '--remote-debugging-port=0'],
    env: { ...process.env, HOME: home },
  });
}

/** A person with a browser window of their own. */
export class Person {
  /** Opens a window; `options` are Playwright's for a context. */
  static async arrive(browser, user, options = {}) {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(40_000);
    const page = await context.newPage();
    return new Person(user, context, page);
  }

  constructor(user, context, page) {
    this.user = user;
    this.context = context;
    this.page = page;
    /** Answers of the server that tell of a fault of its own. */
    this.faults = [];
    page.on('response', (response) => {
      if (response.status() >= 500) this.faults.push(`${response.status()} ${response.url()}`);
    });
    page.on('pageerror', (error) => this.faults.push(`script: ${error.message}`));
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) this.faults.push(message.text());
    });
  }

  button(name) {
    return this.page.getByRole('button', { name, exact: true });
  }

  field(label) {
    return this.page.getByLabel(label, { exact: true });
  }

  /** What stands on the page. */
  text() {
    return this.page.locator('body').innerText();
  }

  heading() {
    return this.page.getByRole('heading', { level: 1 });
  }

  async typePassword(password = this.user.password) {
    await this.field('Email').fill(this.user.email);
    await this.field('Password').fill(password);
    await this.button('Sign in').click();
  }

  async typeCode(code) {
    await this.field('Verification code').fill(code ?? (await anyCode(this.user)));
  }

  /** Signs in on the page that asks for it. */
  async signIn(code) {
    await this.typePassword();
    await this.page.waitForURL('**/sign-in/verify*');
    await this.typeCode(code);
    await this.button('Verify').click();
    await this.page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
  }

  /** Opens an authorization URL and signs in if asked to; the consent page stands open then. */
  async open(url) {
    await this.page.goto(String(url));
    const signIn = this.field('Password');
    const consent = this.button('Allow access');
    await signIn.or(consent).first().waitFor();
    if (await signIn.isVisible()) await this.signIn();
    await consent.waitFor();
  }

  contexts() {
    return this.page.getByRole('group', { name: 'Company or firm' }).getByRole('radio');
  }

  permissions() {
    return this.page.getByRole('group', { name: 'Permissions', exact: true }).getByRole('checkbox');
  }

  /** Chooses the company or firm of this name. */
  async choose(name) {
    const choices = this.page.getByRole('group', { name: 'Company or firm' });
    await choices.getByRole('radio', { name, exact: true }).check();
  }

  permission(title) {
    const group = this.page.getByRole('group', { name: 'Permissions', exact: true });
    return group.getByRole('checkbox', { name: title, exact: true });
  }

  /** Types a code and allows. */
  async allow(code) {
    await this.typeCode(code);
    await this.button('Allow access').click();
  }

  /** The whole flow at `listener`'s authorization URL; answers the URL that the client gets. */
  async approve(url, listener, { choose, untick = [], code } = {}) {
    await this.open(url);
    if (choose) await this.choose(choose);
    for (const title of untick) await this.permission(title).uncheck();
    await this.allow(code);
    return listener.next();
  }

  async leave() {
    await this.context.close();
  }
}
