/** A file that was chosen is a whole recording, or it is said what is wrong with it, and where. */
import { describe, expect, it } from 'vitest';
import {
  problemInWords,
  readRecordingFile,
  readSentRecording,
} from '../../client/recording-file.ts';
import { writeLine } from '../../contracts/recording-lines.ts';
import { nodeView, viewOf } from './views.ts';

const NO_LANES = { leaders: [], faults: [], failed: [], busy: [], events: [] };
const HEADER = {
  format: 'chronoraft-recording',
  version: 1,
  cluster: 'c',
  epoch: 'e1',
  madeAtMs: 5000,
};

function head(segment: number, seq: number, patches: number, fromMs: number): object {
  const view = viewOf([nodeView('n1')], { seq, atMs: fromMs });
  return { segment, fromMs, toMs: fromMs + 1000, seq, patches, lanes: NO_LANES, view };
}

function patch(seq: number, atMs: number): object {
  return { epoch: 'e1', seq, atMs, nodes: [{ id: 'n1', commitIndex: seq, reason: 'Tromsø' }] };
}

/** Two segments, of two patches and of one. */
const WHOLE: readonly object[] = [
  HEADER,
  head(4, 10, 2, 1000),
  patch(11, 1100),
  patch(12, 1200),
  head(5, 13, 1, 2000),
  patch(14, 2100),
  { end: true, segments: 2, patches: 3 },
];

function text(lines: readonly object[]): string {
  return lines.map((line) => `${writeLine(line)}\n`).join('');
}

/** Without line `n`, counted from 1, or with another in its place. */
function changed(n: number, ...by: readonly object[]): string {
  return text(WHOLE.toSpliced(n - 1, 1, ...by));
}

describe('the file of a recording', () => {
  it('[V29] is read when it is whole', async () => {
    const read = await readRecordingFile(new Blob([text(WHOLE)]));
    expect(read).toMatchObject({
      ok: true,
      file: { header: HEADER, segments: [{ segment: 4, patches: 2 }, { segment: 5 }] },
    });
  });

  it('[V29] is read when it was made before work was noted', async () => {
    const { busy, ...lanes } = NO_LANES;
    const old = { ...head(5, 13, 1, 2000), lanes };
    const read = await readRecordingFile(new Blob([changed(5, old)]));
    expect(busy).toEqual([]);
    expect(read.ok && read.file.segments.map((segment) => segment.lanes.busy)).toEqual([[], []]);
  });

  it.each([
    ['another file', '{"hello":1}\n', { kind: 'not-a-recording' }],
    ['an empty file', '', { kind: 'not-a-recording' }],
    ['a picture', '\u0089PNG\r\n\u001a\n', { kind: 'not-a-recording' }],
    [
      'a later version',
      changed(1, { ...HEADER, version: 2 }),
      { kind: 'other-version', version: '2' },
    ],
    ['a header alone', text([HEADER]), { kind: 'cut-off' }],
    ['no end', changed(7), { kind: 'cut-off' }],
    ['half a line', text(WHOLE).slice(0, -30), { kind: 'cut-off' }],
    ['a patch that is missing', changed(3), { kind: 'damaged', line: 3 }],
    ['a patch twice', changed(3, WHOLE[2] ?? {}, WHOLE[2] ?? {}), { kind: 'damaged', line: 4 }],
    ['a segment that is missing', text(WHOLE.toSpliced(4, 2)), { kind: 'damaged', line: 5 }],
    [
      'an end of another file',
      changed(7, { end: true, segments: 2, patches: 4 }),
      { kind: 'damaged', line: 7 },
    ],
    ['more after the end', text([...WHOLE, HEADER]), { kind: 'damaged', line: 8 }],
    ['a time that goes back', changed(4, patch(12, 900)), { kind: 'damaged', line: 4 }],
    ['another shape', changed(3, { epoch: 'e1', seq: '11' }), { kind: 'damaged', line: 3 }],
    ['nothing in it', text([HEADER, { end: true, segments: 0, patches: 0 }]), { kind: 'empty' }],
  ])('[V29] is refused: %s', async (_, given, problem) => {
    const read = await readRecordingFile(new Blob([given]));
    expect(read).toEqual({ ok: false, problem });
    if (!read.ok) expect(problemInWords(read.problem)).toMatch(/^(The|This) .*\w$/);
  });

  it('[V29] is refused with the line when any single character was changed', () => {
    const good = text(WHOLE);
    const lineAt = (at: number): number => good.slice(0, at).split('\n').length;
    for (let at = 0; at < good.length; at += 7) {
      if (good[at] === '\n') continue;
      const bad = `${good.slice(0, at)}${good[at] === 'x' ? 'y' : 'x'}${good.slice(at + 1)}`;
      const read = readSentRecording(bad);
      if (read.ok) throw new Error(`a change at ${at} was not seen`);
      expect(['damaged', 'not-a-recording']).toContain(read.problem.kind);
      if (read.problem.kind === 'damaged') expect(read.problem.line).toBe(lineAt(at));
    }
  });
});
