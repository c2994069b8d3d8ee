/**
 * A node's thread that does as its test says: it speaks the control protocol
 * and holds no consensus. The test talks to it over a broadcast channel named
 * after the cluster's id.
 */
import { BroadcastChannel, parentPort, workerData } from 'node:worker_threads';

const { id, clusterId } = workerData.options;
const channel = new BroadcastChannel(clusterId);
let mode = 'hold';
let term = 0;
let index = 0;
const held = [];
const heldSyncs = [];

function report() {
  const leads = term > 0;
  return {
    id,
    nowMono: 0,
    atMs: 0,
    status: {
      id,
      role: leads ? 'leader' : 'follower',
      term,
      votedFor: null,
      leader: leads ? id : null,
      commitIndex: 0,
      lastApplied: 0,
      firstIndex: 1,
      lastIndex: 0,
      lastTerm: 0,
      persistedIndex: 0,
      confState: { voters: [], votersOutgoing: [], learners: [] },
      deadlineMono: 0,
      deadlineSpanMs: 0,
      lastHeardMono: null,
      votes: [],
      progress: [],
      termRuns: [],
      halted: null,
    },
    storage: { name: 'memory', sizeBytes: 0, walBytes: 0, lastWriteMs: null, writes: 0 },
    identity: { clusterId, nodeId: id, storeId: '', bootEpoch: 0 },
    stateHash: '',
    stateHashAt: 0,
    clusterTimeMs: 0,
    events: [],
    newEntries: [],
    traffic: [],
    latency: { commitMs: [], readMs: [], persistMs: [] },
    durations: { commit: null, read: null, persist: null },
    lost: {},
    appliedCommands: 0,
    servedReads: 0,
    pendingProposals: 0,
    evidence: { votes: [], offices: [], log: [], commits: [], applied: [] },
    waitingReads: 0,
    versions: 0,
    keys: 0,
    clockOffsetMs: 0,
  };
}

function applied(result) {
  return { outcome: 'applied', index: ++index, term, result };
}

function done(outcome) {
  return applied({ ok: true, revision: index + 1, timestamp: 0, stamp: index + 1, outcome });
}

/** Sessions are opened in every mode in which it takes anything in, but for those of openings. */
const OPENS = new Set(['apply', 'hold', 'unknown', 'expired']);

function proposed(item) {
  if (item.data === '["session"]' && OPENS.has(mode))
    return done({ op: 'session', client: `${id}-${index + 1}`, idleMs: 1000 });
  switch (mode) {
    case 'apply':
      return done({ op: 'set', existed: false });
    case 'expired':
      return applied({ ok: false, error: { code: 'SESSION_EXPIRED', message: '' } });
    case 'hold-openings':
      held.push(item);
      return null;
    case 'lose-openings':
      return { outcome: 'unknown', leaderHint: null };
    case 'unknown':
      return { outcome: 'unknown', leaderHint: null };
    case 'hold':
      held.push(item);
      return null;
    default:
      return { outcome: 'dropped', reason: mode, leaderHint: null };
  }
}

function answer(items) {
  const answers = [];
  for (const item of items) {
    const outcome = proposed(item);
    if (outcome !== null) answers.push({ id: item.id, proposed: outcome });
  }
  if (answers.length > 0) {
    parentPort.postMessage({ type: 'proposed', applied: new Float64Array(), others: answers });
  }
}

parentPort.on('message', (message) => {
  if (message.type === 'connect') message.line.close();
  if (message.type === 'stop') {
    channel.close();
    parentPort.close();
  }
  if (message.type === 'propose') {
    channel.postMessage({
      from: id,
      mode,
      commands: message.data,
    });
    answer(message.data.map((data, i) => ({ id: message.ids[i], data })));
  }
  if (message.type === 'pace') {
    channel.postMessage({ from: id, asked: true });
    if (mode === 'apply')
      parentPort.postMessage({ type: 'pace', id: message.id, answer: { of: 'done' } });
  }
  if (message.type === 'sync') {
    heldSyncs.push(message.id);
    channel.postMessage({ from: id, asked: true });
  }
  if (message.type === 'read') {
    channel.postMessage({ from: id, mode, reads: message.items.length });
    const failed = { outcome: 'failed', reason: 'not-leader', leaderHint: null };
    if (mode !== 'hold') {
      parentPort.postMessage({
        type: 'read',
        items: message.items.map((item) => ({ id: item.id, read: failed })),
      });
    }
  }
});

channel.onmessage = ({ data }) => {
  if (data.to !== id) return;
  if (data.mode !== undefined) mode = data.mode;
  if (data.term !== undefined) term = data.term;
  if (data.fail !== undefined) parentPort.postMessage({ type: 'failed', reason: data.fail });
  else if (data.crash !== undefined) throw new Error(data.crash);
  else parentPort.postMessage({ type: 'report', report: report() });
  if (data.release === true) answer(held.splice(0));
  if (data.sync === true)
    for (const sync of heldSyncs.splice(0)) parentPort.postMessage({ type: 'synced', id: sync });
  channel.postMessage({ from: id, acted: true });
};

parentPort.postMessage({ type: 'serving', report: report(), recoveredMs: 0 });
