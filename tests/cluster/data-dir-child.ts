/** A process that makes a data folder and notes stores and nodes in it, and says in a file when each is done. */
import { openSync, writeSync } from 'node:fs';
import { DataDir } from '../../server/cluster/data-dir.ts';

const [dir = '', marksFile = ''] = process.argv.slice(2);
const marks = openSync(marksFile, 'a');
let done = 0;

function say(): void {
  writeSync(marks, `done ${++done}\n`);
}

const dataDir = await DataDir.open(dir, ['n1', 'n2', 'n3']);
say();
dataDir.noteStore('n1', 'store-1', 1);
say();
for (let i = 0; i < 3; i++) {
  dataDir.addNode();
  say();
}
dataDir.removeNode('n4');
say();
await dataDir.close();
