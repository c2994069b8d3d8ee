/** `npm run fix`: repairs what tools can repair, format and simple lint; then says what is left. */
import { main, PlainError, run, tool } from './run.mjs';
import { ensureInstalled } from './setup.mjs';

await main(async () => {
  await ensureInstalled();
  const lint = await run(tool('oxlint'), ['--type-aware', '--fix']);
  const format = await run(tool('biome'), ['format', '--write', '.']);
  if (lint.code !== 0 || format.code !== 0)
    throw new PlainError('some things need a person; they are above.');
});
