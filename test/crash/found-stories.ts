import type { Life, Story } from './story.ts'

const CALM: Life = {
  calls: 20,
  end: 'power',
  closeCalls: undefined,
  putters: [],
  takers: [],
  segmentBlocks: 16,
  stagingBlocks: 4,
  depth: 1,
  memoryBytes: 4096,
  keepFreeSegments: 4,
  minimumFreeBlocks: 0,
  syncTakes: true,
  verify: false,
  codec: undefined,
  key: undefined,
  capacity: Infinity,
  diskBlocks: undefined,
  faults: [],
  spoilt: []
}

/** Stories that once found something, as small as they could be made, by what they found. */
export const FOUND: Readonly<Record<string, Story>> = {
  'the folder of the log vanished with power, its parent was never synced': {
    seed: 0,
    spoils: false,
    folders: 1,
    lives: [{ ...CALM, putters: [[{ events: 6, bytes: 0, headers: false }]] }]
  },
  'a put larger than a segment hung when no group was open': {
    seed: 0,
    spoils: false,
    folders: 1,
    lives: [
      {
        ...CALM,
        calls: 21,
        putters: [
          [
            { events: 1194, bytes: 60, headers: true },
            { events: 1, bytes: 700, headers: false }
          ]
        ]
      }
    ]
  },
  'close hung while a put waited for the next segment': {
    seed: 0,
    spoils: false,
    folders: 1,
    lives: [
      {
        ...CALM,
        end: 'close',
        putters: [[{ events: 1191, bytes: 60, headers: true }], [{ events: 1, bytes: 700, headers: false }]]
      }
    ]
  },
  'a take went on reading after close and left a file open': {
    seed: 0,
    spoils: false,
    folders: 1,
    lives: [
      { ...CALM, end: 'close', putters: [[{ events: 4, bytes: 90_000, headers: false }]] },
      { ...CALM, calls: 1, end: 'close', takers: [{ max: 1, returns: 0, holds: 0 }], memoryBytes: 131_072 }
    ]
  },
  'a lazy commit after close resolved and was forgotten': {
    seed: 0,
    spoils: false,
    folders: 1,
    lives: [
      { ...CALM, putters: [[{ events: 1, bytes: 0, headers: false }]] },
      { ...CALM, calls: 1, end: 'close', takers: [{ max: 1, returns: 0, holds: 0 }], syncTakes: false },
      { ...CALM, calls: 1 }
    ]
  },
  'a segment came back beside another one of its number, in the other folder': {
    seed: 0,
    spoils: false,
    folders: 2,
    lives: [
      {
        ...CALM,
        calls: 320,
        memoryBytes: 2 ** 24,
        takers: [{ max: 1, returns: 5, holds: 1 }],
        putters: [
          [
            { events: 1, bytes: 0, headers: false },
            { events: 4, bytes: 90_000, headers: false },
            { events: 6, bytes: 0, headers: false },
            { events: 6, bytes: 0, headers: false },
            { events: 6, bytes: 0, headers: false },
            { events: 1, bytes: 0, headers: false }
          ],
          [
            { events: 133, bytes: 0, headers: false },
            { events: 4, bytes: 90_000, headers: false }
          ]
        ]
      },
      { ...CALM, calls: 1 }
    ]
  }
}
