/**
 * Known bugs, put back on purpose: what a simulator is worth shows in how fast
 * it finds them. Each is a piece of source and what it becomes; a build of its
 * own carries it, so that no switch is left in the code. C rows are the subtle
 * bugs of the Raft literature and of the trackers of its implementations; a
 * small letter tells variants of one row apart. B18 is a known race of writes
 * with truncation; D bugs sit in the disk, and in how damage of it is noticed;
 * G bugs let garbage in; H bugs forget what should be kept, or keep what should
 * be forgotten; W bugs tell watchers what did not happen, or not what did.
 */
export interface Mutant {
  readonly id: string;
  /** Relative to the project. */
  readonly file: string;
  /** What the bug does, as a clause. */
  readonly what: string;
  /** Stands exactly once in `file`. */
  readonly find: string;
  readonly replace: string;
  /** Seeds, from 1 on, within which it must be found, where it is not {@link BUDGET}. */
  readonly budget?: number;
}

/** Seeds within which a bug must be found, unless it names another number. */
export const BUDGET = 200;

export const MUTANTS: readonly Mutant[] = [
  {
    id: 'C1',
    file: 'server/raft/replication.ts',
    what: 'commits entries of older terms by counting copies',
    find: 'if (reached <= core.commitIndex || core.log.termAt(reached) !== core.term) return;',
    replace: 'if (reached <= core.commitIndex) return;',
  },
  {
    id: 'C2',
    file: 'server/raft/membership.ts',
    what: 'changes members before an entry of its own term is committed',
    find: 'core.commitIndex < leadership.noopIndex || !core.isConfCommitted',
    replace: '!core.isConfCommitted',
  },
  {
    id: 'C2b',
    file: 'server/raft/membership.ts',
    what: 'changes members while the change before is not committed',
    find: ' || !core.isConfCommitted || isJoint(core.conf))',
    replace: ' || isJoint(core.conf))',
  },
  {
    id: 'C3',
    file: 'server/raft/reads.ts',
    what: 'answers reads before an entry of its own term is committed',
    find: '  if (core.commitIndex < leadership.noopIndex) return;\n',
    replace: '',
  },
  {
    id: 'C4',
    file: 'server/raft/replication.ts',
    what: 'cuts the log after every append, conflict or not',
    find: '  appendMissing(core, entries);\n',
    replace:
      '  appendMissing(core, entries);\n  if (entries.length > 0 && lastNew < core.log.lastIndex) core.truncateFrom(lastNew + 1);\n',
  },
  {
    id: 'C5',
    file: 'server/raft/election.ts',
    what: 'answers a vote before it is durable',
    find: "core.sendDurable({\n    type: 'RequestVoteResponse'",
    replace: "core.send({\n    type: 'RequestVoteResponse'",
  },
  {
    id: 'C5b',
    file: 'server/raft/core.ts',
    what: 'stores the term without the vote',
    find: '      votedFor: this.votedFor,\n      commit: this.commitIndex,',
    replace:
      "      votedFor: this.role === 'follower' ? null : this.votedFor,\n      commit: this.commitIndex,",
  },
  {
    id: 'C6',
    file: 'server/raft/election.ts',
    what: 'votes for whoever brings a newer term, whatever its log',
    find: "return `follows ${core.leader}`;\n  if (!core.log.isUpToDate(message.lastLogIndex, message.lastLogTerm)) return 'its log is behind';",
    replace: 'return `follows ${core.leader}`;',
  },
  {
    id: 'C7',
    file: 'server/raft/core.ts',
    what: 'forgets its vote when it steps down in the same term',
    find: "      this.lastHeardMono = null;\n    }\n    this.role = 'follower';",
    replace:
      "      this.lastHeardMono = null;\n    } else this.votedFor = null;\n    this.role = 'follower';",
  },
  {
    id: 'C8',
    file: 'server/raft/log.ts',
    what: 'compares logs by length before term when it votes',
    find: 'return lastTerm > this.lastTerm || (lastTerm === this.lastTerm && lastIndex >= this.lastIndex);',
    replace:
      'return lastIndex > this.lastIndex || (lastIndex === this.lastIndex && lastTerm >= this.lastTerm);',
  },
  {
    id: 'C9',
    file: 'server/raft/core.ts',
    what: 'stores entries without the term in which they came',
    find: 'hardState: mustStore ? hardState : null,',
    replace: 'hardState: mustStore && append.length === 0 ? hardState : null,',
  },
  {
    id: 'C10',
    file: 'server/raft/replication.ts',
    what: 'counts its own copy before its disk has it',
    find: '? core.persistence.persistedIndex',
    replace: '? core.log.lastIndex',
  },
  {
    id: 'C11',
    file: 'server/raft/election.ts',
    what: 'learns no newer term from those who refuse it in a poll',
    find: '  if (!message.granted && message.term > core.term) {\n',
    replace: '  if (!message.granted && message.term > core.term && core.term < 0) {\n',
  },
  {
    id: 'C12',
    file: 'server/raft/raft.ts',
    what: 'leaves a leader of an older term without an answer, so one that ran ahead stays alone',
    find: "    core.sendDurable({\n      type: 'HeartbeatResponse',\n      from: core.id,\n      to: message.from,\n      term: core.term,\n      readSeq: 0,\n    });\n    return false;",
    replace: '    return false;',
  },
  {
    id: 'C13',
    file: 'server/raft/core.ts',
    what: 'counts what was granted in the poll as votes',
    find: '    this.lastHeardMono = null;\n    this.votes = new Map([[this.id, true]]);',
    replace: '    this.lastHeardMono = null;\n    this.votes.set(this.id, true);',
  },
  {
    id: 'C14',
    file: 'server/raft/election.ts',
    what: 'answers no poll when it makes none itself',
    find: '  const refusal = preVoteRefusal(core, message);\n',
    replace:
      '  if (!core.config.preVote) return;\n  const refusal = preVoteRefusal(core, message);\n',
  },
  {
    id: 'C15',
    file: 'server/raft/election.ts',
    what: 'goes on leading while nobody answers',
    find: 'if (aliveAt >= since) return;',
    replace: 'if (aliveAt <= since || aliveAt > since) return;',
  },
  {
    id: 'C16',
    file: 'server/raft/election.ts',
    what: 'lets a removed server that campaigns depose a healthy leader',
    find: 'return message.term > core.term && core.hasFreshLeader();',
    replace: 'return false;',
  },
  {
    id: 'C17',
    file: 'server/raft/membership.ts',
    what: 'stays in office after it was removed',
    find: '  if (isVoter(core.conf, core.id)) return;\n',
    replace: '  if (core.conf.voters.length > 0) return;\n',
  },
  {
    id: 'C17b',
    file: 'server/raft/replication.ts',
    what: 'counts itself while it commits its own removal',
    find: 'const reached = quorumValue(core.conf, (id) =>',
    replace:
      'const reached = quorumValue({ ...core.conf, voters: [...new Set([...core.conf.voters, core.id])] }, (id) =>',
  },
  {
    id: 'C18',
    file: 'server/raft/conf-history.ts',
    what: 'keeps a configuration whose entry was truncated',
    find: 'this.steps = this.steps.filter((step, i) => i === 0 || step.index < index);\n    return this.steps.length < before;',
    replace:
      'return this.steps.splice(1, this.steps.length, ...this.steps.slice(1).map(({ conf }, i) => ({ index: Math.min((this.steps[i + 1] as Step).index, index - 1), conf }))).length > before;',
  },
  {
    id: 'C19',
    file: 'server/raft/core.ts',
    what: 'keeps its old configuration when it installs a snapshot',
    find: 'this.confs.reset(end.base.index, end.base.conf);',
    replace: 'this.confs.reset(end.base.index, this.conf);',
  },
  {
    id: 'C20',
    file: 'server/raft/membership.ts',
    what: 'leaves a joint configuration only in the term that entered it',
    find: '    if (core.commitIndex >= leadership.noopIndex)\n',
    replace:
      '    if (core.commitIndex >= leadership.noopIndex && core.log.termAt(core.confs.currentIndex) === core.term)\n',
  },
  {
    id: 'C21',
    file: 'server/raft/snapshot.ts',
    what: 'installs a snapshot older than what it has committed',
    find: '  if (base.index <= core.commitIndex) return core.commitIndex;\n',
    replace: '',
  },
  {
    id: 'C22',
    file: 'server/raft/replication.ts',
    what: 'takes entries that it has committed or compacted for those that follow',
    find: '    entries = entries.slice(core.commitIndex - prevLogIndex);\n',
    replace: '',
  },
  {
    id: 'C23',
    file: 'server/raft/replication.ts',
    what: 'never sends a lost piece of a snapshot again',
    find: "  if (progress.state === 'snapshot') retrySnapshot(core, progress);\n",
    replace: '',
  },
  {
    id: 'C23b',
    file: 'server/ports/durable-state.ts',
    what: 'takes pieces of a snapshot in any order',
    find: 'if (after === state.reach) {',
    replace: 'if (after >= 0) {',
  },
  {
    id: 'C24',
    file: 'server/raft/replication.ts',
    what: 'waits for entries that it has forgotten instead of sending a snapshot',
    find: '    beginSnapshot(core, progress);\n    return;\n  }\n  const entries =',
    replace:
      '    progress.becomeProbe(progress.nextIndex);\n    progress.probeSent = true;\n    return;\n  }\n  const entries =',
  },
  {
    id: 'C25',
    file: 'server/node/node-host.ts',
    what: 'compacts the log beyond what is saved of the state',
    find: 'this.savedTo = Math.max(this.savedTo, changes.lastApplied);',
    replace: 'this.savedTo = this.kv.lastApplied;',
  },
  {
    id: 'C26',
    file: 'server/raft/replication.ts',
    what: 'takes a delayed answer for one to the present read round',
    find: 'progress.readSeq = Math.max(progress.readSeq, message.readSeq);',
    replace: 'progress.readSeq = core.leadership?.reads.currentSeq ?? 0;',
  },
  {
    id: 'C27',
    file: 'server/raft/reads.ts',
    what: 'answers reads because it led a moment ago, as under a lease',
    find: 'const ready = leadership.reads.confirm(confirmed);',
    replace:
      'const ready = leadership.reads.confirm(Math.max(confirmed, leadership.reads.currentSeq));',
  },
  {
    id: 'C27b',
    file: 'server/raft/core.ts',
    what: 'commits in a new term while the leader before may hold a lease',
    find: '    return this.now.mono < end ? end : null;\n',
    replace: '    return end < 0 ? end : null;\n',
  },
  {
    id: 'C27c',
    file: 'server/raft/core.ts',
    what: 'counts a lease from when its entry was committed, not from when it was made',
    find: 'this.leadership?.lease?.committed(index);',
    replace: 'if (this.leadership?.lease) this.leadership.lease.fromMono = this.now.mono;',
  },
  {
    id: 'C28',
    file: 'server/raft/transfer.ts',
    what: 'refuses proposals for ever when the heir does not take over',
    find: 'if (core.now.mono < transfer.untilMono && isVoter(core.conf, transfer.to)) return;',
    replace: 'if (transfer.untilMono > 0) return;',
  },
  {
    id: 'C29',
    file: 'server/raft/heartbeat.ts',
    what: 'goes on leading with a disk that has stopped',
    find: 'return oldest !== null && core.now.mono - oldest > core.config.electionTimeoutMs;',
    replace: 'return oldest !== null && oldest > core.now.mono;',
  },
  {
    id: 'C30',
    file: 'server/raft/replication.ts',
    what: 'acknowledges entries before they are durable',
    find: "core.sendDurable({\n    type: 'AppendEntriesResponse',\n    from: core.id,\n    to: message.from,\n    term: core.term,\n    success: true,",
    replace:
      "core.send({\n    type: 'AppendEntriesResponse',\n    from: core.id,\n    to: message.from,\n    term: core.term,\n    success: true,",
  },
  {
    id: 'C31',
    file: 'server/storage/verify.ts',
    what: 'lets a node with a new, empty disk vote as the one that it was',
    find: '  if (storeId !== null && found.storeId !== storeId) throw lostStore(nodeId);\n',
    replace: '',
  },
  {
    id: 'C32',
    file: 'server/raft/heartbeat.ts',
    what: 'tells followers to commit what they may not have',
    find: 'const leaderCommit = Math.min(core.commitIndex, progress.matchIndex);',
    replace: 'const leaderCommit = core.commitIndex;',
  },
  {
    id: 'C33',
    file: 'server/kv/sessions.ts',
    what: 'does a repeated write again',
    find: 'if (session.sequence > row.sequence)',
    replace: 'if (session.sequence >= row.sequence)',
  },
  {
    id: 'C33b',
    file: 'server/kv/sessions.ts',
    what: 'forgets after a restart which writes it has done',
    find: 'this.held.set(row.client, row);\n    this.now',
    replace: 'this.held.set(row.client, { ...row, sequence: 0 });\n    this.now',
  },
  {
    id: 'C33c',
    file: 'server/kv/sessions.ts',
    what: 'takes a client whose session is not open for a new one',
    find: "if (row === undefined) return { is: 'closed' };",
    replace: "if (row === undefined) return { is: 'new' };",
  },
  {
    id: 'C34',
    file: 'server/node/node-host.ts',
    what: 'says that a write failed when its fate is unknown',
    find: "{ outcome: 'unknown', leaderHint: this.raft.leader },",
    replace: "{ outcome: 'dropped', reason: 'not-leader', leaderHint: this.raft.leader },",
  },
  {
    id: 'C35',
    file: 'server/raft/replication.ts',
    what: 'goes on counting data as uncommitted after it is committed',
    find: '      leadership.uncommittedChars -= entry.data.length;\n',
    replace: '',
  },
  {
    id: 'C36',
    file: 'server/raft/progress.ts',
    what: 'lets a late answer lower what it knows of a follower',
    find: 'if (advanced) this.matchIndex = index;',
    replace: 'this.matchIndex = index;',
  },
  {
    id: 'C37',
    file: 'server/raft/quorum.ts',
    what: 'ignores the old majority of a joint configuration',
    find: 'return Math.min(incoming, halfValue(conf.votersOutgoing, valueOf));',
    replace: 'return incoming;',
  },
  {
    id: 'C37b',
    file: 'server/raft/quorum.ts',
    what: 'takes half of an even number of voters for a majority',
    find: 'return Math.floor(voters / 2) + 1;',
    replace: 'return Math.ceil(voters / 2);',
  },
  {
    id: 'C38',
    file: 'server/raft/leader-clock.ts',
    what: 'stamps by its clock alone, below the last stamp',
    find: 'return Math.max(last + 1, this.read(at));',
    replace: 'return this.read(at);',
  },
  {
    id: 'C39',
    file: 'server/raft/core.ts',
    what: 'does not campaign once an entry that may never be committed leaves it out',
    find: 'return isVoter(this.conf, this.id) || isVoter(this.confs.at(this.commitIndex), this.id);',
    replace: 'return isVoter(this.conf, this.id);',
    budget: 1700,
  },
  {
    id: 'B18',
    file: 'server/raft/persistence.ts',
    what: 'believes a late answer of the disk about entries replaced since',
    find: '    for (const write of this.pending) write.lastIndex = Math.min(write.lastIndex, from - 1);\n',
    replace: '',
  },
  {
    id: 'D1',
    file: 'sim/sim-disk.ts',
    what: 'acknowledges a write before it is durable',
    find: '    const pending: Pending = { apply, done };\n',
    replace:
      '    const pending: Pending = { apply, done: () => {} };\n    this.scheduler.after(0, () => done(null));\n',
  },
  {
    id: 'D2',
    file: 'sim/sim-disk.ts',
    what: 'forgets term and vote in a crash',
    find: '  crash(): void {\n',
    replace:
      '  crash(): void {\n    this.state.hardState = { term: 0, votedFor: null, commit: 0 };\n',
  },
  {
    id: 'D5',
    file: 'server/kv/command.ts',
    what: 'takes a command that it does not know for one that it does',
    find: "  if (count === undefined) return err('unknown operation');\n",
    replace: "  if (count === undefined) return ok({ op: 'deleteRecord', key: 'a' });\n",
  },
  {
    id: 'D3',
    file: 'server/storage/checksum.ts',
    what: 'leaves the data of an entry out of its checksum',
    find: ' ${entry.data}`, previous);',
    replace: '`, previous);',
  },
  {
    id: 'D4',
    file: 'server/storage/checksum.ts',
    what: 'leaves the value of a version out of its checksum',
    find: '${v.field}${textOf(v.value)}`',
    replace: '${v.field}`',
  },
  {
    id: 'G1',
    file: 'server/node/admission.ts',
    what: 'listens to an earlier life of a peer',
    find: "if (head.bootEpoch < life.bootEpoch) return 'earlierLife';",
    replace: "if (head.bootEpoch < 0) return 'earlierLife';",
  },
  {
    id: 'G2',
    file: 'server/node/admission.ts',
    what: 'reads messages of a later version as if they were its own',
    find: 'if (head.version !== PROTOCOL_VERSION)',
    replace: 'if (head.version < PROTOCOL_VERSION)',
  },
  {
    id: 'G3',
    file: 'server/raft/parse-message.ts',
    what: 'takes anything that is called a number for an index or a term',
    find: 'return Number.isSafeInteger(value) && (value as number) >= 0;',
    replace: "return typeof value === 'number';",
  },
  {
    id: 'H1',
    file: 'server/kv/field-versions.ts',
    what: 'forgets what stands at the horizon, too',
    find: 'const dropped = this.drop(decides, asOf);',
    replace: 'const dropped = this.drop(decides + 1, asOf);',
  },
  {
    id: 'H2',
    file: 'server/kv/store.ts',
    what: 'keeps what was forgotten while it was away, and not what had hidden it',
    find: 'keepOnly({ records, table }, kept);',
    replace: 'void [records, table, kept];',
  },
  {
    id: 'H3',
    file: 'server/kv/judge-write.ts',
    what: 'takes writes that are dated before the horizon',
    find: 'if (timestamp < ground.horizon.timestamp) return',
    replace: 'if (timestamp < 0) return',
  },
  {
    id: 'H4',
    file: 'server/kv/horizon.ts',
    what: 'answers for times before the horizon with what is left of them',
    find: 'timestamp < horizon.timestamp);',
    replace: 'timestamp < 0);',
  },
  {
    id: 'H5',
    file: 'server/kv/store.ts',
    what: 'forgets what is not old enough',
    find: 'Math.max(maxAgeMs * 1000, ageAfterMicros)',
    replace: 'ageAfterMicros',
  },
  {
    id: 'H6',
    file: 'server/kv/judge-write.ts',
    what: 'refuses writes that are dated a little after the horizon',
    find: 'if (timestamp < ground.horizon.timestamp) return',
    replace: 'if (ground.horizon.revision > 0 && timestamp < ground.horizon.timestamp + 50) return',
  },
  {
    id: 'H7',
    file: 'server/kv/horizon.ts',
    what: 'refuses to look at times a little after the horizon',
    find: 'timestamp < horizon.timestamp);',
    replace: 'horizon.revision > 0 && timestamp < horizon.timestamp + 50);',
  },
  {
    id: 'W1',
    file: 'server/kv/answer-changes.ts',
    what: 'tells watchers that a page reaches one revision further than it does',
    find: 'through: revision - 1 }',
    replace: 'through: revision }',
  },
  {
    id: 'W2',
    file: 'server/kv/store.ts',
    what: 'forgets at a restart, and in a snapshot, which instants had passed',
    find: 'this.moveTo(mark.value);',
    replace: 'this.stamps.add(mark.value.revision, mark.value.stamp);',
  },
  {
    id: 'W3',
    file: 'server/kv/answer-changes.ts',
    what: 'tells watchers of expiries and starts that changed nothing',
    find: 'if (version === null || !isSameVersion(version, due)) return',
    replace: 'if (version === null) return',
  },
  {
    id: 'W4',
    file: 'server/kv/version-columns.ts',
    what: 'tells a watcher the revision again that it named',
    find: 'revision: revision + 1, op: 0',
    replace: 'revision, op: 0',
  },
  {
    id: 'W5',
    file: 'server/kv/answer-changes.ts',
    what: 'says of all that is new that what stood there before is forgotten',
    find: 'previousCompacted: before === undefined,',
    replace: 'previousCompacted: before === undefined || before === null,',
  },
  {
    id: 'W6',
    file: 'server/kv/answer-changes.ts',
    what: 'says of what stood before the horizon what is left of it',
    find: 'timestamp < horizon ? undefined : ',
    replace: 'timestamp < 0 * horizon ? undefined : ',
  },
  {
    id: 'W7',
    file: 'server/kv/horizon.ts',
    what: 'tells watchers what followed a revision, though some of it is forgotten',
    find: 'revision < horizon.revision)',
    replace: "query.type !== 'changes' && revision < horizon.revision)",
  },
  {
    id: 'W8',
    file: 'server/kv/horizon.ts',
    what: 'refuses watchers what followed the very horizon',
    find: 'revision < horizon.revision)',
    replace: 'horizon.revision > 0 && revision <= horizon.revision)',
  },
];

/** Bugs that have no mutant, why, and the rule whose tests guard against them. */
export const UNSEEN: readonly {
  readonly id: string;
  readonly why: string;
  readonly guard: string;
}[] = [
  {
    id: 'C27d',
    why: 'a node that does not look at the clock again after it has read under a lease answers what was the newest when it was asked, which is linearizable (docs/adr/0013)',
    guard: 'L11',
  },
];
