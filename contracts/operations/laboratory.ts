/** The speed of the cluster, what it did, and chaos runs. */
import * as z from 'zod';
import { ChaosBody, ChaosOperation, ChaosRun, ChaosRuns, ChaosSchedule } from '../chaos.ts';
import { digits, wholeNumber } from '../digits.ts';
import { TimestampMs } from '../kv.ts';
import { DropAnswer, PaceBody, PaceView, StepAnswer } from '../pace.ts';
import { RecordingAnswer, RECORDING_TYPE } from '../recording.ts';
import { TraceAnswer } from '../trace.ts';
import { LINES_TYPE } from './files.ts';
import { operation } from './operation.ts';

/** Of the answers, with the charset that they are always in. */
export const RECORDING_LINES = `${RECORDING_TYPE}; charset=utf-8`;

const instant = digits.pipe(TimestampMs);
const RunParams = z.object({ id: z.string().describe('Of the run, as its start answered it.') });

export const laboratory = {
  pace: operation({
    id: 'getPace',
    method: 'GET',
    path: '/api/v1/pace',
    tag: 'Laboratory',
    summary: 'The speed of the cluster',
    answer: PaceView,
    errors: [],
  }),
  setPace: operation({
    id: 'setPace',
    method: 'PUT',
    path: '/api/v1/pace',
    tag: 'Laboratory',
    summary: 'Set the speed of the cluster, for everyone',
    description:
      'Requests to a slowed cluster wait in its time; those to a paused one, until it goes on.',
    body: PaceBody,
    answer: PaceView,
    errors: [],
  }),
  step: operation({
    id: 'step',
    method: 'POST',
    path: '/api/v1/pace/step',
    tag: 'Laboratory',
    summary: 'Let a paused cluster go on by one event',
    answer: StepAnswer,
    errors: ['CHANGE_REFUSED'],
  }),
  drop: operation({
    id: 'dropPacket',
    method: 'DELETE',
    path: '/api/v1/packets/{id}',
    tag: 'Laboratory',
    summary: 'Drop a message of a slowed cluster on its way',
    params: z.object({
      id: z.string().describe('Of the message, as `transit` of the view names it.'),
    }),
    answer: DropAnswer,
    errors: ['PACKET_GONE', 'PACKET_UNKNOWN'],
  }),
  trace: operation({
    id: 'getTrace',
    method: 'GET',
    path: '/api/v1/trace',
    tag: 'Laboratory',
    summary: 'What nodes did and said while the cluster was slowed',
    query: z.strictObject({
      stretch: wholeNumber.optional().describe('The stretch that the asker has events of.'),
      after: wholeNumber.optional().describe('Of that stretch, only events after this number.'),
    }),
    answer: TraceAnswer,
    errors: [],
  }),
  recording: operation({
    id: 'getRecording',
    method: 'GET',
    path: '/api/v1/recording',
    tag: 'Laboratory',
    summary: 'What is kept of the last quarter of an hour',
    query: z.strictObject({
      from: instant.optional().describe('Without segments that ended before this, server ms.'),
    }),
    answer: RecordingAnswer,
    errors: [],
  }),
  segments: operation({
    id: 'getRecordingSegments',
    method: 'GET',
    path: '/api/v1/recording/segments',
    tag: 'Laboratory',
    summary: 'The segments of a stretch of the recording',
    query: z.strictObject({
      from: instant.describe('Server ms.'),
      to: instant.describe('Server ms, not before `from`.'),
    }),
    otherAnswers: [
      { status: 200, type: RECORDING_LINES, description: 'Some 8 MiB of them, or one.' },
    ],
    errors: ['NOT_RECORDED'],
  }),
  recordingFile: operation({
    id: 'getRecordingFile',
    method: 'GET',
    path: '/api/v1/recording/file',
    tag: 'Laboratory',
    summary: 'The whole recording as a file',
    otherAnswers: [{ status: 200, type: RECORDING_LINES, description: 'The file.' }],
    errors: ['NOT_RECORDED', 'OVERLOADED'],
  }),
  startChaos: operation({
    id: 'startChaos',
    method: 'POST',
    path: '/api/v1/chaos',
    tag: 'Laboratory',
    summary: 'Strike the living cluster at random, under load, and judge every answer',
    body: ChaosBody,
    bodyMayBeAbsent: true,
    answer: ChaosRun,
    errors: ['CHAOS_RUNNING', 'NO_LEADER'],
  }),
  planChaos: operation({
    id: 'planChaos',
    method: 'POST',
    path: '/api/v1/chaos/schedule',
    tag: 'Laboratory',
    summary: 'What a chaos run would do',
    body: ChaosBody,
    bodyMayBeAbsent: true,
    answer: ChaosSchedule,
    errors: [],
  }),
  chaosRuns: operation({
    id: 'listChaosRuns',
    method: 'GET',
    path: '/api/v1/chaos',
    tag: 'Laboratory',
    summary: 'Chaos runs that are kept, newest first',
    answer: ChaosRuns,
    errors: [],
  }),
  chaosRun: operation({
    id: 'getChaosRun',
    method: 'GET',
    path: '/api/v1/chaos/{id}',
    tag: 'Laboratory',
    summary: 'One chaos run, as far as it is',
    params: RunParams,
    answer: ChaosRun,
    errors: ['NOT_FOUND'],
  }),
  stopChaos: operation({
    id: 'stopChaos',
    method: 'POST',
    path: '/api/v1/chaos/{id}/stop',
    tag: 'Laboratory',
    summary: 'End a chaos run early; it heals, and what there is is judged',
    params: RunParams,
    answer: ChaosRun,
    errors: ['NOT_FOUND', 'CONFLICT'],
  }),
  chaosHistory: operation({
    id: 'getChaosHistory',
    method: 'GET',
    path: '/api/v1/chaos/{id}/history',
    tag: 'Laboratory',
    summary: 'What the clients of a chaos run did and were told',
    params: RunParams,
    otherAnswers: [
      {
        status: 200,
        type: LINES_TYPE,
        description: 'One operation a line.',
        line: ChaosOperation,
      },
    ],
    errors: ['NOT_FOUND'],
  }),
};
