/** Known bugs put into a build: pieces of source and what they become. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { PlainError, root } from './run.mjs';

/** A plugin of esbuild. Of each edit the text to `find` must stand in its `file` exactly once, or the build fails and names `id`. */
export function planted(id, edits) {
  return {
    name: 'planted',
    setup: (build) => {
      build.onLoad({ filter: /\.ts$/ }, async ({ path: loaded }) => {
        const here = edits.filter(({ file }) => path.join(root, file) === loaded);
        if (here.length === 0) return null;
        let contents = await readFile(loaded, 'utf8');
        for (const { file, find, replace } of here) {
          const parts = contents.split(find);
          if (parts.length !== 2)
            throw new PlainError(`${id}: its text stands ${parts.length - 1} times in ${file}`);
          contents = parts.join(replace);
        }
        return { contents, loader: 'ts' };
      });
    },
  };
}
