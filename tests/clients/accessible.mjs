// What every page must be: free of findings by axe, usable at 320 px and in dark.

import assert from 'node:assert/strict';

import { AxeBuilder } from '@axe-core/playwright';

const NARROW = { width: 320, height: 640 };
export const STANDARDS = [
  'wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice',
];

/** Examines the page that stands open; leaves it as wide and light as it was. */
export async function assertAccessible(page, what) {
  const before = page.viewportSize();
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    await settled(page);
    const { violations } = await new AxeBuilder({ page }).withTags(STANDARDS).analyze();
    const found = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((n) => n.html)}`);
    assert.deepEqual(found, [], `${what}, ${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: null });
  await page.setViewportSize(NARROW);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= NARROW.width, `${what}: ${wide} px wide at ${NARROW.width} px`);
  await page.setViewportSize(before);
}

/** Waits until no colour is on its way to another any more. */
function settled(page) {
  return page.evaluate(() => Promise.allSettled(document.getAnimations().map((one) => one.finished)));
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
