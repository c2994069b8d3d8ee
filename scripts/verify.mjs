/**
 * `npm run verify`: what must hold before a commit, without the browser. It
 * changes no file that git tracks. Everything is run, then every failure named.
 */
import { ensureBuilt } from './build.mjs';
import { runChecks } from './checks.mjs';
import { main, PlainError, run, say, tool } from './run.mjs';
import { ensureInstalled } from './setup.mjs';

const SEEDS = 50;

await main(async () => {
  await ensureInstalled();
  const failed = [];
  const note = (name, passed, output) => {
    say(`${passed ? 'ok    ' : 'FAILED'} ${name}`);
    if (passed) return;
    failed.push(name);
    process.stdout.write(`${output.trimEnd()}\n`);
  };

  // First, as it makes the page's types.
  try {
    await ensureBuilt();
    note('build', true, '');
  } catch (error) {
    note('build', false, error.message);
  }
  await runChecks(({ name, passed, output }) => note(name, passed, output));
  for (const project of ['unit', 'storage', 'integration']) {
    const { code, output } = await run(tool('vitest'), ['run', '--project', project], {
      quiet: true,
    });
    note(`${project} tests`, code === 0, output);
  }
  const simulated = await run(process.execPath, ['scripts/sim.mjs', '--seeds', String(SEEDS)], {
    quiet: true,
  });
  note(`${SEEDS} simulated seeds`, simulated.code === 0, simulated.output);

  if (failed.length > 0) throw new PlainError(`not ready to commit: ${failed.join(', ')}`);
  say('everything holds');
});
