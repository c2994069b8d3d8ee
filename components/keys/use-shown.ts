'use client';

import { useMemo } from 'react';
import type { ApiResult } from '../../client/api-failure.ts';
import { isNow } from '../../client/keys-moment.ts';
import type { Moment } from '../../client/keys-moment.ts';
import { fieldNames } from '../../client/record-rows.ts';
import { timeAxis } from '../../client/time-axis.ts';
import type { TimeAxis } from '../../client/time-axis.ts';
import { changesOf, versionSpans } from '../../client/version-spans.ts';
import type { VersionSpan } from '../../client/version-spans.ts';
import type { RecordAnswer, RecordsAnswer, VersionView } from '../../contracts/kv.ts';
import { client } from '../cluster/use-action.ts';
import { useLive } from '../live/live-provider.tsx';
import { useAnswer } from '../live/use-answer.ts';
import type { Asked } from '../live/use-answer.ts';

/** Fields of a record that are drawn; the API has the rest. */
const FIELDS = 500;
/** Records of the overview. */
const RECORDS = 25;
/** Lanes of a record's timeline, and versions in each, newest first. */
const LANES = 5;
const LANE_VERSIONS = 60;
/** Versions of the chosen field; the API has the rest. */
const FIELD_VERSIONS = 300;
/** Now is told in steps of this, ms, so that a busy cluster does not redraw the axis all the time. */
const NOW_STEP_MS = 500;

/** The versions of one field, oldest first. */
export interface Lane {
  readonly field: string;
  readonly spans: readonly VersionSpan[];
  /** There are older versions than these. */
  readonly more: boolean;
}

export interface Lanes {
  readonly key: string;
  readonly asOf: number;
  readonly lanes: readonly Lane[];
  /** Fields of the record that have no lane here. */
  readonly further: number;
}

export interface Shown {
  /** Cluster time now, ms; at most half a second ahead. */
  readonly now: number;
  /** Valid time that the page shows, ms: of a revision alone, the cluster time then. */
  readonly at: number;
  readonly axis: TimeAxis;
  /** Where one step leads: the changes of the chosen field, or of all that is shown; ascending. */
  readonly steps: readonly number[];
  /** The record at the moment, and now; the same while looking at now. */
  readonly record: Asked<RecordAnswer>;
  readonly recordNow: Asked<RecordAnswer>;
  /** The first records of the prefix at the moment, when no key is chosen. */
  readonly overview: Asked<RecordsAnswer>;
  readonly lanes: Asked<Lanes>;
}

/** All that the page shows of one moment, but for the list of keys. */
export function useShown({ prefix, key, field, time }: Moment): Shown {
  const now = useClusterTime();
  // What was known at a revision never changes.
  const isPinned = time.asOf !== undefined;
  const isPast = !isNow(time);
  const ofKey = key === null ? null : { key };

  const overview = useAnswer(
    key === null ? JSON.stringify(['records', prefix, time]) : null,
    () => client.records({ prefix, limit: RECORDS, ...time }),
    isPinned ? null : { prefix },
  );
  const overviewNow = useAnswer(
    key === null && isPast ? JSON.stringify(['records', prefix]) : null,
    () => client.records({ prefix, limit: RECORDS }),
    { prefix },
  );
  const record = useAnswer(
    key === null ? null : JSON.stringify(['record', key, time]),
    () => client.scan(key ?? '', undefined, { limit: FIELDS, ...time }),
    isPinned ? null : ofKey,
  );
  const presentRecord = useAnswer(
    key === null || !isPast ? null : JSON.stringify(['record', key]),
    () => client.scan(key ?? '', undefined, { limit: FIELDS }),
    ofKey,
  );
  const recordNow = isPast ? presentRecord : record;

  const fields = fieldsOf(key, [record, recordNow]);
  const drawn = laneFields(fields, field);
  const further = Math.max(0, fields.length - drawn.length);
  const lanes = useAnswer(
    key === null || drawn.length === 0
      ? null
      : JSON.stringify(['lanes', key, drawn, field, further, time.asOf]),
    () => readLanes(key ?? '', drawn, { chosen: field, further, asOf: time.asOf }),
    isPinned ? null : ofKey,
  );

  // The last answer may still be that of another record.
  const held = lanes.answer?.key === key ? lanes.answer.lanes : NO_LANES;
  const axis = useMemo(() => {
    const changes =
      key === null
        ? [overview.answer, overviewNow.answer].flatMap((answer) =>
            (answer?.records ?? []).flatMap((one) => one.fields.flatMap(versionChanges)),
          )
        : held.flatMap(({ spans }) => changesOf(spans));
    return timeAxis(changes, now);
  }, [key, overview.answer, overviewNow.answer, held, now]);
  const chosen = held.find((lane) => lane.field === field);
  const steps = chosen === undefined ? axis.stops : changesOf(chosen.spans);
  const atRevision = (key === null ? overview : record).answer?.at;
  const at = time.at ?? (isPinned ? atRevision : undefined) ?? now;
  return { now, at, axis, steps, record, recordNow, overview, lanes };
}

/** Never before anything that has happened. */
function useClusterTime(): number {
  return useLive(({ view }) =>
    view === null
      ? 0
      : Math.ceil(Math.max(...view.nodes.map((node) => node.clusterTimeMs)) / NOW_STEP_MS) *
        NOW_STEP_MS,
  );
}

function fieldsOf(key: string | null, records: readonly Asked<RecordAnswer>[]): readonly string[] {
  const names = records.flatMap(({ answer }) =>
    answer === null || answer.key !== key ? [] : answer.fields.map(({ field }) => field),
  );
  return fieldNames(names);
}

/** The first fields, and the chosen one in any case. */
function laneFields(fields: readonly string[], chosen: string | null): readonly string[] {
  const first = fields.slice(0, LANES);
  if (chosen === null || first.includes(chosen)) return first;
  return [...first.slice(0, LANES - 1), chosen];
}

const NO_LANES: readonly Lane[] = [];

interface LanesQuestion {
  readonly chosen: string | null;
  readonly further: number;
  /** Only what was known then; undefined for all. */
  readonly asOf: number | undefined;
}

async function readLanes(
  key: string,
  fields: readonly string[],
  { chosen, further, asOf: known }: LanesQuestion,
): Promise<ApiResult<Lanes>> {
  const results = await Promise.all(
    fields.map((field) => {
      const limit = field === chosen ? FIELD_VERSIONS : LANE_VERSIONS;
      return client.history(key, field, {
        order: 'desc',
        limit,
        ...(known !== undefined && { asOf: known }),
      });
    }),
  );
  const lanes: Lane[] = [];
  let asOf = Number.POSITIVE_INFINITY;
  for (const result of results) {
    if (!result.ok) return result;
    const { field, versions, next } = result.value;
    lanes.push({ field, spans: versionSpans(versions.toReversed()), more: next !== null });
    asOf = Math.min(asOf, result.value.asOf);
  }
  return { ok: true, value: { key, asOf, lanes, further } };
}

function versionChanges({ version }: { readonly version: VersionView }): readonly number[] {
  const { timestamp, expiresAt, validTo } = version;
  return [timestamp, expiresAt, validTo].filter((time) => time !== undefined);
}
