/** The thread of a judge: reads a history from its file and posts one verdict after the other. */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { must } from '../base/assert.ts';
import { readLines } from './history-lines.ts';
import { judge } from './judge.ts';
import type { JudgeTask } from './judging.ts';

const { file, keys } = workerData as JudgeTask;
const port = must(parentPort, 'it is a thread');
for (const verdict of judge(readLines(readFileSync(file, 'utf8')), keys)) port.postMessage(verdict);
