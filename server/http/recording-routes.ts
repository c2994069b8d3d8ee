/** The last minutes of the cluster's views: `/api/v1/recording`, its segments, and all of it as a file. */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { laboratory, RECORDING_LINES } from '../../contracts/operations/laboratory.ts';
import type { FlightRecorder, KeptSegment } from '../cluster/flight-recorder.ts';
import { HttpError } from './errors.ts';
import { route } from './route.ts';

/** An answer has no more segments than fit into this, but at least one, bytes. */
const SEGMENTS_BYTES = 8 * 1024 * 1024;
/** Each file that is being sent holds its segments in memory until it is over. */
const MAX_FILES_UNDER_WAY = 4;

export function recordingRoutes(app: FastifyInstance, recorder: FlightRecorder): void {
  let underWay = 0;

  route(app, laboratory.recording, ({ query }) => recorder.summary(query.from));

  route(app, laboratory.segments, ({ query: { from, to } }, _request, reply) => {
    if (from > to)
      throw new HttpError('BAD_REQUEST', 'query.from is later than query.to', {
        path: 'query.from',
      });
    const kept = recorder.kept();
    const wanted = kept.filter(({ fromMs, toMs }) => fromMs <= to && toMs >= from);
    if (wanted.length === 0) throw notRecorded(kept);
    return send(reply, firstOf(wanted));
  });

  route(app, laboratory.recordingFile, (_input, _request, reply) => {
    const kept = recorder.kept();
    if (kept.length === 0) throw notRecorded(kept);
    if (underWay >= MAX_FILES_UNDER_WAY)
      throw new HttpError('OVERLOADED', `${MAX_FILES_UNDER_WAY} files are being sent already`, {
        limit: MAX_FILES_UNDER_WAY,
      });
    underWay++;
    reply.raw.once('close', () => {
      underWay--;
    });
    const name = `chronoraft-recording-${new Date().toISOString().replaceAll(/[:.]/g, '-')}.ndjson`;
    void reply.header('content-disposition', `attachment; filename="${name}"`);
    return send(reply, kept);
  });

  function send(reply: FastifyReply, segments: readonly KeptSegment[]) {
    void reply.header('content-type', RECORDING_LINES);
    // In bytes: as objects, sixteen segments would wait for a slow reader.
    const lines = recorder.file(segments, Date.now());
    return reply.send(Readable.from(lines, { objectMode: false }));
  }
}

/** As many as fit, at least one. */
function firstOf(segments: readonly KeptSegment[]): readonly KeptSegment[] {
  let bytes = 0;
  const fitting = segments.findIndex(({ text }) => {
    bytes += text.length;
    return bytes > SEGMENTS_BYTES;
  });
  return fitting === -1 ? segments : segments.slice(0, Math.max(1, fitting));
}

function notRecorded(kept: readonly KeptSegment[]): HttpError {
  const [first, last] = [kept[0], kept.at(-1)];
  return new HttpError(
    'NOT_RECORDED',
    first === undefined || last === undefined
      ? 'nothing is recorded yet'
      : `the recording goes from ${timeOf(first.fromMs)} to ${timeOf(last.toMs)}`,
  );
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
