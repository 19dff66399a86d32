/** Never ends, and keeps the process alive. */
export const FOREVER = 'new Promise(() => setInterval(() => {}, 1000))'

/** Starts a process that writes to the same output and never ends. */
const SLEEPER =
  "spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: ['ignore', 'inherit', 'ignore'] })"

/** Bodies of test files that do not end by themselves, or not well; with what is said of each. */
export const BAD: Readonly<Record<string, { readonly body: string; readonly said: readonly RegExp[] }>> = {
  'waits-for-ever': {
    body: `test('ends', () => {}); describe('a group', () => { test('waits', () => ${FOREVER}) })`,
    said: [/✖ waits .*\n +'test timed out after 3000ms'/]
  },
  'loops-for-ever': {
    body: `describe('a group', () => { test('loops', () => { for (;;); }) })`,
    said: [/did not end within [\d.]+ s; under way: “a group > loops”/]
  },
  'loops-before-all-tests': {
    body: `for (;;);\ntest('is never reached', () => {})`,
    said: [/did not end within [\d.]+ s; no test had begun/]
  },
  'leaves-a-server': {
    body: `test('listens', async () => { await once(createServer().listen(0, '127.0.0.1'), 'listening') })`,
    said: [/process did not end within 2 s; still open: TCPServerWrap \(since “listens”\)/]
  },
  'leaves-a-timer': {
    body: `describe('a group', () => { test('sets a timer', () => { setInterval(() => {}, 1000) }); test('ends', () => {}) })`,
    said: [/still open: Timeout \(since “a group > sets a timer”\)/]
  },
  'leaves-a-worker': {
    body: `test('starts a worker', () => { new Worker('setInterval(() => {}, 1000)', { eval: true }) })`,
    said: [/still open: .*a worker \(of “starts a worker”\)/]
  },
  'leaves-a-process': {
    body: `test('starts a process', () => { console.log('pid', ${SLEEPER}.pid) })`,
    said: [/still open: .*the process .* \(of “starts a process”\)/]
  },
  'leaves-its-output-open': {
    body: `test('starts a process', () => { const child = ${SLEEPER}; child.unref(); console.log('pid', child.pid) })`,
    said: [/Its process ended, but 2 s later these go on: .* \(of “starts a process”\)/]
  },
  'is-killed': {
    body: `test('kills itself', () => { process.kill(process.pid, 'SIGKILL'); for (;;); })`,
    said: [/Its process was ended by SIGKILL; under way: “kills itself”/]
  },
  'cannot-be-loaded': { body: `throw new Error('no module')`, said: [/ended with code 1; no test had begun/] }
}
