/** What holds of every page, whatever it shows: how the specs of single pages ask for it, too. */
import { AxeBuilder } from '@axe-core/playwright';
import path from 'node:path';
import { expect } from 'playwright/test';
import type { Page } from 'playwright/test';

export const WIDTHS = [
  { name: 'desk', width: 1440, height: 900 },
  { name: 'phone', width: 390, height: 844 },
] as const;

export const THEMES = ['dark', 'light'] as const;

/** Takes long, and says little that others do not: left out unless LONG=1 asks for it. */
export const LONG = '@long';
/** What is looked at state by state is so in one theme; single pages are looked at in both by everywhere.spec.ts. */
export const LONG_IN_LIGHT = { dark: [], light: [LONG] };

/** Rules of WCAG 2.2 AA that a tool can see broken, each with where: on the page, or in its named parts alone. */
export async function violations(page: Page, ...parts: string[]): Promise<readonly string[]> {
  // In this very page, as there are no frames, and with the detail of what is broken alone: half the time.
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] });
  for (const part of parts) axe.include(part);
  const found = await axe
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
    .analyze();
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)}: ${failureSummary}`),
  );
}

/** Targets narrower or lower than 24 px, but for words within a sentence and native controls in a larger label (WCAG 2.5.8). */
export async function smallTargets(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const targets = 'button, a[href], input, select, textarea, summary, [role=switch], [role=tab]';
    return [...document.querySelectorAll<HTMLElement>(targets)].flatMap((element) => {
      const target = element.matches('input') ? (element.closest('label') ?? element) : element;
      const { width, height } = target.getBoundingClientRect();
      const isShown = element.checkVisibility({ visibilityProperty: true }) && width > 1;
      const isInSentence = getComputedStyle(element).display === 'inline';
      if (!isShown || isInSentence || (width >= 24 && height >= 24)) return [];
      return [`${Math.round(width)} x ${Math.round(height)}: ${element.outerHTML.slice(0, 120)}`];
    });
  });
}

/** Nothing is wider than the screen, once all that is laid out by script has followed. */
export async function expectWidth(page: Page, width: number): Promise<void> {
  await expect
    .poll(() => page.evaluate(() => document.documentElement.scrollWidth), 'the width of the page')
    .toBe(width);
}

/** The whole page is seen at once, without scrolling. */
export async function expectSize(page: Page, width: number, height: number): Promise<void> {
  const size = (): Promise<readonly number[]> =>
    page.evaluate(() => {
      const { scrollWidth, scrollHeight } = document.documentElement;
      return [scrollWidth, scrollHeight];
    });
  await expect.poll(size, 'the size of the page').toEqual([width, height]);
}

/** Keeps a picture beside the results; it is looked at, and compared with nothing. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: path.join('test-results', 'pages', `${name}.png`) });
}
