/**
 * What no other tool checks: that rules and tests name each other, that the
 * documents' links lead somewhere, that files stay short, and that nothing of
 * the machine they were written on is in them.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '..');
const SOURCE = /\.(?:[cm]?[jt]sx?|css)$/;
const LONGEST_FILE_LINES = 600;

const files = ourFiles();

describe('rules and tests', () => {
  const rules = rulesOfSpec();
  const named = files.filter((file) => file.startsWith('tests/')).flatMap(rulesNamedIn);

  test('[S1] every rule of SPEC.md and every row of a list of scenarios has a test, and stands there once', () => {
    const tested = new Set(named.map(({ rule }) => rule));
    expect(rules.filter((rule) => !tested.has(rule))).toEqual([]);
    expect(rules.filter((rule, at) => rules.indexOf(rule) !== at)).toEqual([]);
    expect(rules.length).toBeGreaterThan(50);
  });

  test('[S1] every rule or row that a test names is in a list', () => {
    expect(named.filter(({ rule }) => !rules.includes(rule))).toEqual([]);
  });

  test('[S1] every test names its rule first', () => {
    const nameless = files
      .filter((file) => /^tests\/.*\.(?:test|spec)\.tsx?$/.test(file))
      .flatMap((file) =>
        [...read(file).matchAll(/^\s*(?:test|it)\(\s*(['"`])(?!\[[A-Z]\d+\] )(.*)/gm)].map(
          ([, , title]) => `${file}: ${title}`,
        ),
      );
    expect(nameless).toEqual([]);
  });
});

describe('documents', () => {
  const documents = files.filter((file) => file.endsWith('.md'));

  test('[S2] every relative link leads to a file, and to a heading in it', () => {
    const dead = documents.flatMap((document) =>
      linksIn(read(document))
        .filter((link) => !leadsSomewhere(document, link))
        .map((link) => `${document}: ${link}`),
    );
    expect(dead).toEqual([]);
    expect(documents.length).toBeGreaterThan(5);
  });

  test('[S3] the changelog keeps its shape: versions, newest first, each with known drawers', () => {
    const headings = [...read('CHANGELOG.md').matchAll(/^(##+) (.*)$/gm)];
    const versions = headings.filter(([, level]) => level === '##').map(([, , text]) => text);
    expect(versions.length).toBeGreaterThan(0);
    for (const version of versions) expect(version).toMatch(/^(?:Unreleased|\d+\.\d+\.\d+ · .+)$/);
    const drawers = headings.filter(([, level]) => level === '###').map(([, , text]) => text);
    for (const drawer of drawers) {
      expect(['Safety and performance', 'Features', 'Internals']).toContain(drawer);
    }
  });
});

describe('files', () => {
  test(`[S4] no source file is longer than ${LONGEST_FILE_LINES} lines`, () => {
    const long = files
      .filter((file) => SOURCE.test(file))
      .map((file) => ({ file, lines: read(file).split('\n').length }))
      .filter(({ lines }) => lines > LONGEST_FILE_LINES);
    expect(long).toEqual([]);
  });

  test('[S5] nothing names the machine it was written on, or a registry of its own', () => {
    const patterns = [
      new RegExp(`(?<![\\w.-])/${'work'}(?![\\w-])`),
      new RegExp(`\\.\\./${'shared'}(?!\\w)`),
      new RegExp(`${'shared'}/design`),
      /"resolved": "https?:\/\/(?!registry\.npmjs\.org\/)/,
      /\/(?:root|home\/[a-z]+)\//,
    ];
    const traces = files.flatMap((file) =>
      read(file)
        .split('\n')
        .flatMap((line, at) =>
          patterns.some((pattern) => pattern.test(line))
            ? [`${file}:${at + 1}: ${line.trim()}`]
            : [],
        ),
    );
    expect(traces).toEqual([]);
  });

  test('[S6] zod is imported as a namespace, so that the page carries only what it uses', () => {
    const wrong = files.filter(
      (file) => SOURCE.test(file) && /^import (?!\* as z |type ).*from 'zod'/m.test(read(file)),
    );
    expect(wrong).toEqual([]);
  });
});

/** Files that git tracks or would track, as text; the list is empty outside a clone, and the tests say so. */
function ourFiles(): readonly string[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return listed
    .split('\0')
    .filter((file) => file !== '' && existsSync(path.join(ROOT, file)))
    .filter((file) => !/\.(?:png|jpe?g|ico|woff2?)$/.test(file));
}

function read(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8');
}

/** First cells of the tables in SPEC.md: `| E1 | … |`. */
/** Rules of the specification, and rows of the lists of scenarios. */
function rulesOfSpec(): readonly string[] {
  return files
    .filter((file) => file === 'docs/SPEC.md' || file.startsWith('docs/scenarios/'))
    .flatMap((file) => [...read(file).matchAll(/^\| ([A-Z]\d+) \|/gm)])
    .map(([, rule]) => rule ?? '');
}

/** Text that begins with a rule in brackets is a title. */
function rulesNamedIn(file: string): readonly { readonly rule: string; readonly file: string }[] {
  if (!SOURCE.test(file)) return [];
  return [...read(file).matchAll(/['"`]\[([A-Z]\d+)\] /g)].map(([, rule]) => ({
    rule: rule ?? '',
    file,
  }));
}

function linksIn(markdown: string): readonly string[] {
  const prose = markdown.replaceAll(/^```[\s\S]*?^```/gm, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link ?? '')
    .filter((link) => !/^[a-z]+:/.test(link));
}

function leadsSomewhere(document: string, link: string): boolean {
  const [target = '', heading] = link.split('#');
  const file = target === '' ? document : path.join(path.dirname(document), target);
  if (!existsSync(path.join(ROOT, file))) return false;
  if (heading === undefined) return true;
  return [...read(file).matchAll(/^#+ (.*)$/gm)].some(([, text]) => anchor(text ?? '') === heading);
}

/** The name that a heading gets on GitHub. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}
