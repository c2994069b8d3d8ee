/** What operators are given beside the server: alerts, a dashboard, the table of settings. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { ConfigError } from '../../server/base/start-errors.ts';
import { Environment, readConfig } from '../../server/config.ts';
import { createLogger } from '../../server/logger.ts';

const RULES = 'ops/prometheus/chronoraft.rules.yml';
const RULES_TEST = 'ops/prometheus/chronoraft.rules.test.yml';

describe('alerts', () => {
  const hasPromtool = runs('promtool', ['--version']);

  test('[O12] promtool finds no fault with the alerts, and each fires and keeps still as its test says', (context) => {
    if (!hasPromtool) {
      process.stderr.write(
        '\n*** SKIPPED [O12]: promtool is not installed (Debian: apt-get install prometheus) ***\n',
      );
      context.skip();
    }
    promtool(['check', 'rules', RULES]);
    promtool(['test', 'rules', RULES_TEST]);
  });

  test('[O12] each alert has a test in which it fires, says what is wrong, and has a severity', () => {
    const rules = readFileSync(RULES, 'utf8')
      .split(/^ {6}- alert: /m)
      .slice(1);
    expect(rules.length).toBeGreaterThan(10);
    const tests = readFileSync(RULES_TEST, 'utf8');
    for (const rule of rules) {
      const [name = ''] = rule.split('\n');
      expect(name).toMatch(/^Chronoraft[A-Za-z]+$/);
      expect(rule).toMatch(/severity: (?:critical|warning)/);
      expect(rule).toMatch(/summary: \S/);
      expect(tests, `${name} fires in a test`).toMatch(
        new RegExp(`alertname: ${name}\\n {8}exp_alerts:`),
      );
    }
  });
});

const GridPos = z.object({ x: z.int(), y: z.int(), w: z.int().min(1), h: z.int().min(1) });
const Datasource = z.object({ type: z.literal('prometheus'), uid: z.literal('${datasource}') });
const Row = z.object({ id: z.int(), type: z.literal('row'), title: z.string(), gridPos: GridPos });
const Panel = z.object({
  id: z.int(),
  type: z.enum(['timeseries', 'stat']),
  title: z.string().min(1),
  description: z.string().regex(/^[A-Z0-9].*\.$/),
  datasource: Datasource,
  gridPos: GridPos,
  fieldConfig: z.object({ defaults: z.object({ unit: z.string().min(1) }) }),
  targets: z
    .array(
      z.object({ refId: z.string(), expr: z.string().min(1), legendFormat: z.string().min(1) }),
    )
    .min(1),
});
const Dashboard = z.object({
  title: z.literal('Chronoraft'),
  uid: z.literal('chronoraft'),
  schemaVersion: z.int().min(39),
  templating: z.object({ list: z.array(z.object({ name: z.string(), type: z.string() })) }),
  panels: z.array(z.union([Row, Panel])),
});

describe('the dashboard', () => {
  const dashboard = Dashboard.parse(
    JSON.parse(readFileSync('ops/grafana/chronoraft.json', 'utf8')),
  );

  test('[O13] each panel has a unit, a description and questions, and a place of its own', () => {
    const { panels } = dashboard;
    expect(panels.filter(({ type }) => type !== 'row').length).toBeGreaterThan(15);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = new Set<string>();
    for (const { title, gridPos } of panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x} ${y}`), `${title} lies on another`).toBe(false);
          taken.add(`${x} ${y}`);
        }
      }
    }
  });

  test('[O13] each question is of the chosen server, of a rate where it counts, and in the unit of its metric', () => {
    for (const panel of dashboard.panels) {
      if (!('targets' in panel)) continue;
      const { unit } = panel.fieldConfig.defaults;
      for (const { expr } of panel.targets) {
        expect(expr, panel.title).toContain('instance=~"$instance"');
        for (const [, counter = ''] of expr.matchAll(/(\w+_total)\{/g))
          expect(expr).toMatch(
            new RegExp(
              `(?:rate|increase)\\(${counter}\\{[^}]*\\}\\[|^sum\\(${counter}\\{[^}]*\\}\\)$`,
            ),
          );
        if (expr.includes('_seconds_bucket')) expect(unit).toBe('s');
        if (/^(?:chronoraft|process|nodejs)_\w+_bytes\{/.test(expr)) expect(unit).toBe('bytes');
      }
    }
  });
});

describe('settings', () => {
  test('[O16] the guide has every setting of the server with its default, and no other', () => {
    const rows = [
      ...(/## Settings\n([\s\S]*?)\n## /
        .exec(readFileSync('docs/guides/operate.md', 'utf8'))?.[1]
        ?.matchAll(/^\| `([A-Z_]+)` \| (?:`([^`]*)`)? ?\| \S/gm) ?? []),
    ].map(([, name = '', usual]) => [name, usual ?? null]);
    const usual: Readonly<Record<string, string | number | undefined>> = Environment.parse({});
    const wanted = Object.keys(Environment.shape).map((name) => [
      name,
      usual[name] === undefined ? null : String(usual[name]),
    ]);
    expect(rows).toEqual(wanted);
  });

  test('[O16] nothing is traced unless it is asked for, and odd settings of traces are refused by name', () => {
    expect(readConfig({}, '.').tracing).toBeNull();
    expect(readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, '.').tracing).toBeNull();
    const endpoint = 'http://collector:4318';
    expect(readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }, '.').tracing).toEqual({
      endpoint,
      serviceName: 'chronoraft',
      share: 1,
    });
    for (const [name, value] of [
      ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector'],
      ['OTEL_EXPORTER_OTLP_ENDPOINT', 'ftp://collector'],
      ['OTEL_TRACES_SAMPLER_ARG', '1.1'],
      ['OTEL_TRACES_SAMPLER_ARG', 'all'],
    ] as const) {
      const read = (): unknown => readConfig({ [name]: value }, '.');
      expect(read).toThrow(ConfigError);
      expect(read).toThrow(`${name}=${value} cannot be used`);
    }
  });

  test('[O11] a line is written from its level on, and none at all when silent', () => {
    for (const [level, expected] of [
      ['debug', ['debug', 'info', 'warn', 'error']],
      ['warn', ['warn', 'error']],
      ['silent', []],
    ] as const) {
      const lines: string[] = [];
      const logger = createLogger(level, { write: (line) => void lines.push(line) });
      for (const one of ['debug', 'info', 'warn', 'error'] as const) logger[one]({}, one);
      expect(lines.map((line) => (JSON.parse(line) as { readonly msg: string }).msg)).toEqual(
        expected,
      );
    }
  });

  test('[O10] what is secret is blotted out wherever it stands, and all else is not', () => {
    const lines: string[] = [];
    const logger = createLogger('info', { write: (line) => void lines.push(line) });
    const secrets = { authorization: 's3cret', cookie: 's3cret', token: 's3cret', key: 'open' };
    logger.info({ ...secrets, request: { headers: secrets, password: 's3cret' } }, 'x');
    expect(lines.join('')).not.toContain('s3cret');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      key: 'open',
      token: '[redacted]',
      request: { headers: { key: 'open', authorization: '[redacted]' } },
    });
  });
});

function runs(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** What it says of a fault is the reason of the failure. */
function promtool(args: readonly string[]): void {
  try {
    execFileSync('promtool', args, { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as {
      readonly stdout?: string;
      readonly stderr?: string;
    };
    throw new Error(`promtool ${args.join(' ')}\n${stdout}${stderr}`, { cause: error });
  }
}
