/** What each example of the command line prints, as far as it is the same each time. */

const COMMITTED = /^committed at revision \d+, term \d+, by n\d+\n$/;
const FRAME = /^chronoraft {2}http:.* UTC\nHealthy: n\d leads term \d+, .*\n/;
const POLICY = 'nothing is forgotten for its age\n$';
const NOTHING = /^$/;
const SOUND =
  /Linearizable: [\d,]+ operations? on \d+ keys?, none lost, while .*; all \d+ invariants held\n/;
const IN_ALL = String.raw`(?:1 field|\d+ fields) changed, of \d+ versions of revision \d+, made \S+Z\n$`;
const MS = String.raw`after \d+ ms`;

/** By the line as it stands in help. One that ends with `…` begins so. */
export const PRINTED: Readonly<Record<string, RegExp>> = {
  'chronoraft status': FRAME,
  'chronoraft status --json': /^\{"verdict":\{"leader":"n\d".*"alerts":\[.*"view":\{.*\}\n$/,
  'chronoraft top': FRAME,
  'chronoraft top | head -n 2': /^chronoraft .*\nHealthy: n\d leads .*\n$/,
  'chronoraft put shop price 10': COMMITTED,
  'chronoraft put shop price 12 --if-value 10': COMMITTED,
  'chronoraft put shop price 15 --if-value 10': NOTHING,
  'chronoraft put shop flash sale --ttl 30s': COMMITTED,
  'chronoraft put shop open yes --timestamp "1h ago"': COMMITTED,
  'chronoraft put shop tags new red --list': COMMITTED,
  'echo "a long story" | chronoraft put shop story -': COMMITTED,
  'chronoraft del shop story': /^deleted; committed at revision \d+, /,
  'chronoraft del shop story --json': /"revision":null.*"existed":false\}\n$/,
  'chronoraft incr shop visits': /^1\n$/,
  'chronoraft incr shop visits -5': /^-4\n$/,
  'chronoraft append shop tags round "very large"': /^4 items; committed at revision \d+, /,
  "echo '…": NOTHING,
  'chronoraft txn sale.json': /^every condition held; 2 operations done; committed at /,
  'chronoraft txn < sale.json':
    /^condition 1 did not hold: there is 14; 0 operations done; .* nothing written\n$/,
  'chronoraft get shop price': /^14\n$/,
  'chronoraft get shop':
    /^(?:flash\tsale\n)?open\tyes\nprice\t14\ntags\t\["new","red","round","very large"\]\nvisits\t-3\n$/,
  'chronoraft get shop open --at -30m': /^yes\n$/,
  'chronoraft get shop open --at "2020-01-01T00:00:00Z"': NOTHING,
  'chronoraft get shop price --json':
    /^\{"key":"shop","field":"price","found":true,"value":"14",.*\}\n$/,
  'chronoraft scan': /^shop\t[45]\n$/,
  'chronoraft scan sh --values':
    /^(?:shop\tflash\tsale\n)?shop\topen\tyes\nshop\tprice\t14\nshop\ttags\t.*\nshop\tvisits\t-3\n$/,
  'chronoraft scan --key shop t': /^shop\ttags\t\["new","red","round","very large"\]\n$/,
  'chronoraft scan --json | head -n 1': /^\{"key":"shop","fields":[45]\}\n$/,
  'chronoraft history shop price': /^\S+ \S+ UTC\trev \d+\t14\n.*\t12\n.*\t10\n$/,
  'chronoraft history shop price --limit 1 --json': /^\{.*"kind":"set","value":"14".*\}\n$/,
  'chronoraft diff shop --at "5m ago"':
    /^(?!.*\topen\t)[^]*shop\tprice\t\(absent\) → 14\n[^]*shop\tvisits\t\(absent\) → -3\n$/,
  'chronoraft diff shop price --as-of 3': /^shop\tprice\t(?:\(absent\)|10|12) → 14\n$/,
  'chronoraft watch shop --after 1 --count 3':
    /^rev \d+\t.*\tshop\tprice\t10\nrev \d+\t.*\tshop\tprice\t12\nrev \d+\t.*\tshop\tflash\tsale\n$/,
  'chronoraft backup shop.ndjson --prefix shop': /^[\d.]+ K?B written to shop\.ndjson\n$/,
  'chronoraft backup | gzip > all.ndjson.gz': NOTHING,
  'chronoraft restore shop.ndjson': new RegExp(`^${IN_ALL}`),
  'gunzip -c all.ndjson.gz | chronoraft restore': new RegExp(`^${IN_ALL}`),
  'chronoraft restore --status': new RegExp(`^last: ${IN_ALL}`),
  'chronoraft retention get': new RegExp(`^age\tforever\nversions\tall\n${POLICY}`),
  'chronoraft retention set --max-age 7d': new RegExp(`^age\t1w\nversions\tall\n${POLICY}`),
  'chronoraft retention set --max-age forever --max-versions all': new RegExp(
    `^age\tforever\nversions\tall\n${POLICY}`,
  ),
  'chronoraft node kill n3': new RegExp(
    `^n3 is down ${MS}\\. Killing n3 leaves 2 of 3: writes .*\n$`,
  ),
  'chronoraft node revive n3': new RegExp(`^n3 serves ${MS}\n$`),
  'chronoraft node pause n2 --for 200ms': /^n2 stands still for 200 ms\n$/,
  'chronoraft node pause n2 --for 60s': /^n2 stands still for 60000 ms\n$/,
  'chronoraft node resume n2': /^n2 goes on\n$/,
  'chronoraft node cut n1 n2': /^n1 and n2 do not hear each other\n$/,
  'chronoraft node cut n3': /^n3 hears nobody, and nobody hears it\n$/,
  'chronoraft node heal n3': /^the links of n3 are whole\n$/,
  'chronoraft node heal': /^every fault is mended\n$/,
  'chronoraft member list': /^n1\tvoter\nn2\tvoter\nn3\tvoter\na quorum is 2 of 3\n$/,
  'chronoraft member add': new RegExp(`^n4 is a member ${MS}; voters n1, n2, n3, n4\n$`),
  'chronoraft member add --learner': new RegExp(`^n5 .*; voters n1, n2, n3, n4, learners n5\n$`),
  'chronoraft member promote n5': new RegExp(`^n5 has a vote ${MS}; voters n1, n2, n3, n4, n5\n$`),
  'chronoraft member remove n5': new RegExp(`^n5 is out ${MS}; voters n1, n2, n3, n4\n$`),
  'chronoraft member remove n4': new RegExp(`^n4 is out ${MS}; voters n1, n2, n3\n$`),
  'chronoraft member transfer': new RegExp(`^n[123] leads ${MS}\n$`),
  'chronoraft snapshot': new RegExp(`^n1 has a short log ${MS}\nn2 .*\nn3 .*\n$`),
  'chronoraft chaos start --for 5s…': SOUND,
  'chronoraft chaos list': /^\S+\t\S+Z\tseed 7\tLinearizable\n$/,
  'chronoraft chaos show': SOUND,
  'chronoraft chaos start --detach…': /^run \S+ has begun, seed \d+\n$/,
  'chronoraft chaos stop': /^run \S+ stops\n$/,
  'chronoraft chaos show --follow': SOUND,
  'chronoraft bench --for 1s --clients 4':
    /^4 clients, .*\n.*done {2}per s.*\nwrites +\d.*\nreads +\d.*\n$/,
  'chronoraft help':
    /^chronoraft: a replicated key-value store .*\n\nUsage: [^]*\n {2}put {2,}Write a field\n/,
  'chronoraft help put': /^Write a field\.\n[^]*\n {2}--ttl TIME {2,}/,
  'chronoraft completion bash > chronoraft.bash': NOTHING,
  'chronoraft completion zsh > _chronoraft': NOTHING,
  'chronoraft completion fish > chronoraft.fish': NOTHING,
};
