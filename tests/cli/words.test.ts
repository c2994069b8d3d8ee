/** What is typed: commands, options, mistakes, help and completion. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS, GROUPS } from '../../cli/commands.ts';
import { completionFor } from '../../cli/completion.ts';
import { GUIDE_BEGINS, guideOf } from '../../cli/guide.ts';
import { parseWords } from '../../cli/parse.ts';
import { fit, inert, jsonText, widthOf } from '../../cli/text.ts';
import { must } from '../../server/base/assert.ts';
import { cli } from './world.ts';

const named = (name: string) =>
  must(
    COMMANDS.find((command) => command.name === name),
    `there is a command ${name}`,
  );

describe('what is typed', () => {
  it.each([
    [[], 0, /^chronoraft: a replicated/, /^$/],
    [['--help'], 0, /Usage: chronoraft COMMAND/, /^$/],
    [['--json', '--url', 'localhost', 'help', 'put'], 0, /chronoraft put shop price 10/, /^$/],
    [['help', 'put'], 0, /chronoraft put shop price 10/, /^$/],
    [['put', '--help'], 0, /--if-revision REV/, /^$/],
    [['help', 'node'], 0, /^chronoraft node kill\t/, /^$/],
    [
      ['help', 'nonsense'],
      2,
      /^$/,
      /there is no command "nonsense"; see `chronoraft help help`\n$/,
    ],
    [['pt', 'a', 'b'], 2, /^$/, /^chronoraft: there is no command "pt"; did you mean put\?\n$/],
    [['node', 'kil', 'n1'], 2, /^$/, /^chronoraft: node needs one of kill, revive, .*\n$/],
    [['get'], 2, /^$/, /^chronoraft: get needs KEY; see `chronoraft help get`\n$/],
    [['get', 'a', 'b', 'c'], 2, /^$/, /get takes at most 2, and there are 3/],
    [['status', 'x'], 2, /^$/, /status takes no arguments, and there are 1/],
    [['put', 'a', 'b', 'c', '--tll', '5s'], 2, /^$/, /no option --tll; did you mean --ttl\?/],
    [['get', 'a', 'b', '--at'], 2, /^$/, /--at takes a value/],
    [['get', 'a', '--json=yes'], 2, /^$/, /--json takes no value/],
    [['get', 'a', '--at', '1', '--at', '2'], 2, /^$/, /--at is given 2 times/],
    [['get', 'a', '--at', 'yesterday'], 2, /^$/, /--at "yesterday" is no time; try "5m ago"/],
    [['get', 'a', '--as-of', 'then'], 2, /^$/, /--as-of "then" is no revision and no time/],
    [['get', 'a', '--timeout', '2m'], 2, /^$/, /--timeout is at most 1m/],
    [['get', 'a', '--timeout', 'soon'], 2, /^$/, /--timeout "soon" is no length of time/],
    [['scan', '--limit', '0'], 2, /^$/, /--limit "0" is no whole number from 1/],
    [['restore', 'x', '--mode', 'past'], 2, /^$/, /--mode is one of present, history/],
    [['put', 'a', 'b', 'c', '--if-absent', '--if-present'], 2, /^$/, /put takes one condition/],
    [['diff', 'a'], 2, /^$/, /diff needs a first view/],
    [['chaos', 'start', '--faults', 'crash,flood'], 2, /^$/, /there is no fault "flood"/],
    [['get', 'a', '--url', 'ftp://x'], 2, /^$/, /is no address of a server/],
    [['txn', 'nowhere.json'], 1, /^$/, /cannot use the file nowhere\.json: there is none/],
    [['put', 'a', 'b', 'c\u001b[31m', 'd'], 2, /^$/, /put takes one VALUE/],
    [['fly\u001b[31m'], 2, /^$/, /^chronoraft: there is no command "fly\\x1b\[31m"; \P{Cc}*\n$/u],
  ] as const)('[Z1] %j ends as it says', async (words, code, stdout, stderr) => {
    const ended = await cli(words);
    expect(ended.stderr).toMatch(stderr);
    expect(ended.stdout).toMatch(stdout);
    expect(ended.code).toBe(code);
  });

  it('[Z1] an error is one line of JSON where JSON is wanted', async () => {
    const { code, stderr } = await cli(['get', '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stderr)).toEqual({
      error: { code: 'USAGE', message: 'get needs KEY', todo: 'see `chronoraft help get`' },
    });
  });

  it('[Z1] options may stand anywhere, take negative values, and end at --', () => {
    const parsed = parseWords(named('get'), ['--at', '-5m', 'a', '--json', '--', '--b']);
    expect(parsed).toMatchObject({
      arguments: ['a', '--b'],
      options: { at: '-5m', json: true },
    });
    expect(parseWords(named('incr'), ['a', 'b', '-5']).arguments).toEqual(['a', 'b', '-5']);
    expect(parseWords(named('put'), ['a', 'b', '-', '--ttl=5s'])).toMatchObject({
      arguments: ['a', 'b', '-'],
      options: { ttl: '5s' },
    });
  });

  it('[Z1] a token is in no message, whatever is wrong with it or beside it', async () => {
    const secret = 'tok€n-5ecret';
    for (const words of [
      ['get', 'a', '--token', secret],
      ['get', 'a', '--tokn', secret],
      ['get', 'a', `--tokn=${secret}`],
      ['get', 'a', '--url', `http://me:${secret}@host`],
      ['get', 'a', '--token', secret, '--token', secret],
    ]) {
      const { code, stdout, stderr } = await cli(words);
      expect(code).toBe(2);
      expect(stdout + stderr).not.toContain('5ecret');
    }
  });

  it('[Z4] text is made inert, keeps its meaning as JSON, and is cut by the columns that it takes', () => {
    expect(inert('a\u001b[2Jb\u0007\n\t\u009b1m\u202eevil\u007f')).toBe(
      'a\\x1b[2Jb\\x07\\n\\t\\x9b1m\\u202eevil\\x7f',
    );
    const odd = { text: '\u001b\u009b\u202e\u007f"\\ 日本' };
    expect(jsonText(odd)).toMatch(/^[\x20-\x7e\u3000-\u9fff]*$/);
    expect(JSON.parse(jsonText(odd))).toEqual(odd);
    expect(widthOf('日本e\u0301')).toBe(5);
    expect(fit('日本日本', 5)).toBe('日本…');
  });

  it('[Z11] completion is a script that its shell takes, and knows every command and option', () => {
    for (const shell of ['bash', 'zsh', 'fish'] as const) {
      const script = `${completionFor(shell, COMMANDS).join('\n')}\n`;
      const hasShell = spawnSync(shell, ['-c', 'true']).status === 0;
      if (hasShell) expect(spawnSync(shell, ['-n'], { input: script }).stderr.toString()).toBe('');
      for (const { name, options } of COMMANDS) {
        for (const word of name.split(' ')) expect(script).toContain(word);
        for (const option of options) expect(script).toContain(option.name);
      }
    }
  });

  it.each([
    ['chronoraft no', ['node']],
    ['chronoraft node k', ['kill']],
    ['chronoraft node kill l', ['leader']],
    ['chronoraft put a b c --if-a', ['--if-absent']],
    ['chronoraft restore --mode p', ['present']],
    ['chronoraft completion z', ['zsh']],
    ['chronoraft txn sal', ['sale.json']],
    ['chronoraft txn two', ['two words']],
  ])('[Z11] in bash, "%s" goes on with %j', (line, wanted) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'chronoraft-completion-'));
    for (const name of ['sale.json', 'two words']) writeFileSync(path.join(folder, name), '');
    const words = line.split(' ');
    const script = [
      ...completionFor('bash', COMMANDS),
      `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}`,
      '_chronoraft; printf "%s\\n" "${COMPREPLY[@]}"',
    ].join('\n');
    const offered = execFileSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8' });
    expect(offered.trim().split('\n')).toEqual(wanted);
    rmSync(folder, { recursive: true });
  });

  it('[Z12] the guide says what the table of commands says: `node dist/chronoraft.js help --markdown` writes its second part', () => {
    const guide = readFileSync(path.join(import.meta.dirname, '../../docs/guides/cli.md'), 'utf8');
    expect(guide.slice(guide.indexOf(GUIDE_BEGINS))).toBe(guideOf(GROUPS));
  });

  it('[Z12] every command has an example', () => {
    expect(COMMANDS.filter(({ examples }) => examples.length === 0)).toEqual([]);
  });
});
