// What every page must be: free of findings by axe, usable at 320 px and in dark.

import assert from 'node:assert/strict';

import axe from 'axe-core';

export const WIDE = { width: 1280, height: 900 };
export const NARROW = { width: 320, height: 640 };
const STANDARDS = [
  'wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice',
];
/** What other colours or another width can change of what was found nothing wrong with. */
export const CHANGES = {
  dark: ['color-contrast'],
  narrow: ['target-size', 'scrollable-region-focusable'],
};

/** What axe finds on the page as it stands: by every rule of the standards, or by these alone. */
export async function findings(page, rules) {
  if (!(await page.evaluate('typeof axe === "object"'))) await page.evaluate(axe.source);
  const runOnly = rules ? { type: 'rule', values: rules } : { type: 'tag', values: STANDARDS };
  const violations = await page.evaluate(async (options) => {
    const found = await axe.run(document, options);
    return found.violations.map(({ id, help, nodes }) => ({ id, help, html: nodes.map((node) => node.html) }));
  }, { runOnly, resultTypes: ['violations'] });
  return violations.map(({ id, help, html }) => `${id}: ${help}: ${html.slice(0, 5).join(' ')}`);
}

/** Shows the page in these colours, at this width; at once, since nothing moves. */
export async function show(page, colorScheme, viewport) {
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  if (viewport) await page.setViewportSize(viewport);
}

/** Asserts that a page is no wider than it may be. */
export async function assertFits(page, what) {
  const { width } = page.viewportSize();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= width, `${what}: ${wide} px wide at ${width} px`);
}

/** Examines the page that stands open; leaves it as wide and light as it was. */
export async function assertAccessible(page, what) {
  const before = page.viewportSize();
  await show(page, 'light');
  assert.deepEqual(await findings(page), [], `${what}, light`);
  await show(page, 'dark');
  assert.deepEqual(await findings(page, CHANGES.dark), [], `${what}, dark`);
  await show(page, 'light', NARROW);
  await assertFits(page, what);
  assert.deepEqual(await findings(page, CHANGES.narrow), [], `${what}, narrow`);
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  await page.setViewportSize(before);
}

/** What has the focus: its name, and whether a person can see that it has. */
export function focused(page) {
  return page.evaluate(() => {
    const on = document.activeElement;
    const style = getComputedStyle(on);
    const box = on.getBoundingClientRect();
    const label = on.labels?.[0] ?? on;
    return {
      name: label.innerText?.trim() || on.getAttribute('aria-label') || '',
      visible: style.outlineStyle !== 'none' || style.boxShadow !== 'none',
      inView: box.top >= 0 && box.bottom <= innerHeight,
    };
  });
}

/** Presses Tab until the element of this name has the focus; every stop on the way shows it. */
export async function tabTo(page, name) {
  for (let stops = 0; stops < 60; stops += 1) {
    const on = await focused(page);
    if (on.name === name) return;
    await page.keyboard.press('Tab');
    const stop = await focused(page);
    if (stop.name !== '') {
      assert.ok(stop.visible, `the focus on “${stop.name}” cannot be seen`);
      assert.ok(stop.inView, `“${stop.name}” has the focus out of view`);
    }
  }
  assert.fail(`Tab never reaches “${name}”`);
}
