import { CALM, PLAIN } from './calm-life.ts'
import { LONG } from './found-long-stories.ts'
import type { Story } from './story.ts'

/** Stories that once found something, as small as they could be made, by what they found. */
export const FOUND: Readonly<Record<string, Story>> = {
  'the folder of the log vanished with power, its parent was never synced': {
    ...PLAIN,
    lives: [{ ...CALM, putters: [[{ events: 6, bytes: 0, headers: false }]] }]
  },
  'a put larger than a segment hung when no group was open': {
    ...PLAIN,
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
    ...PLAIN,
    lives: [
      {
        ...CALM,
        end: 'close',
        putters: [[{ events: 1191, bytes: 60, headers: true }], [{ events: 1, bytes: 700, headers: false }]]
      }
    ]
  },
  'a take went on reading after close and left a file open': {
    ...PLAIN,
    lives: [
      { ...CALM, end: 'close', putters: [[{ events: 4, bytes: 90_000, headers: false }]] },
      { ...CALM, calls: 1, end: 'close', takers: [{ max: 1, returns: 0, holds: 0 }], memoryBytes: 131_072 }
    ]
  },
  'a lazy commit after close resolved and was forgotten': {
    ...PLAIN,
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
  },
  'frames that a failed sync left in memory were sealed as if they were on the disk': {
    seed: 2143287256,
    folders: 1,
    spoils: false,
    lives: [
      {
        ...CALM,
        calls: 31,
        closeCalls: 6,
        putters: [[{ events: 1, bytes: 0, headers: false }]],
        takers: [{ max: 1, returns: 0, holds: 1 }],
        segmentBlocks: 128
      },
      {
        ...CALM,
        calls: 1,
        end: 'close',
        closeCalls: 0,
        putters: [[{ events: 6, bytes: 0, headers: false }]],
        segmentBlocks: 5,
        faults: [
          { operations: ['open'], after: 3, times: 2, kind: 'EIO' },
          { operations: ['write', 'sync'], after: 8, times: 2, kind: 'EIO' }
        ]
      },
      { ...CALM, calls: 1, end: 'close', closeCalls: 0, segmentBlocks: 5, diskBlocks: 100 },
      { ...CALM, closeCalls: 0, segmentBlocks: 5 }
    ]
  },
  'a segment of which a part cannot be read was replaced by a copy of the rest': {
    seed: 0,
    folders: 1,
    spoils: true,
    lives: [
      { ...CALM, closeCalls: 0, putters: [[{ events: 1, bytes: 0, headers: false }]], segmentBlocks: 5 },
      { ...CALM, calls: 1, segmentBlocks: 5 },
      { ...CALM, calls: 1, segmentBlocks: 5, spoilt: [1676141385] }
    ]
  },
  'parts in the middle of a put that cannot be read took the readable ones along': {
    seed: 0,
    folders: 1,
    spoils: true,
    lives: [
      {
        ...CALM,
        calls: 66,
        putters: [[{ events: 8002, bytes: 0, headers: true }]],
        takers: [{ max: 1, returns: 0, holds: 0 }],
        segmentBlocks: 8,
        memoryBytes: 131072
      },
      { ...CALM, calls: 60, segmentBlocks: 5, spoilt: [1279392645] },
      {
        ...CALM,
        calls: 338,
        end: 'kill',
        putters: [
          [
            { events: 188, bytes: 60, headers: true },
            { events: 118, bytes: 10, headers: true }
          ],
          [
            { events: 5, bytes: 0, headers: false },
            { events: 2, bytes: 60, headers: false },
            { events: 4, bytes: 90000, headers: true },
            { events: 4, bytes: 700, headers: true },
            { events: 2, bytes: 5000, headers: false },
            { events: 4, bytes: 60, headers: true },
            { events: 151, bytes: 10, headers: false }
          ],
          [
            { events: 4, bytes: 0, headers: true },
            { events: 5, bytes: 60, headers: false },
            { events: 220, bytes: 10, headers: true },
            { events: 3, bytes: 60, headers: true },
            { events: 5, bytes: 60, headers: false },
            { events: 1, bytes: 0, headers: true },
            { events: 4, bytes: 60, headers: true },
            { events: 1, bytes: 10, headers: true }
          ]
        ],
        takers: [
          { max: 100, returns: 2, holds: 1 },
          { max: 100, returns: 5, holds: 0 }
        ],
        segmentBlocks: 8,
        stagingBlocks: 16,
        depth: 2,
        memoryBytes: 16777216,
        key: 0,
        spoilt: [1893755245, 14730581]
      }
    ]
  },
  'close gave up half-way when a file that was being read could not be closed': {
    ...PLAIN,
    seed: 10,
    lives: [
      {
        ...CALM,
        calls: 33,
        end: 'close',
        putters: [[{ events: 6, bytes: 0, headers: false }]],
        segmentBlocks: 24
      },
      {
        ...CALM,
        calls: 1,
        end: 'close',
        putters: [[{ events: 6, bytes: 0, headers: false }]],
        segmentBlocks: 24,
        faults: [{ operations: ['close'], path: /seg-/, after: 3, times: 1, kind: 'EIO' }]
      }
    ]
  },
  'a draft left by a segment written anew passed for the segment, when that was gone': {
    ...PLAIN,
    seed: 95,
    folders: 3,
    lives: [
      {
        ...CALM,
        calls: 275,
        end: 'kill',
        putters: [
          [
            { events: 3, bytes: 700, headers: true },
            { events: 5, bytes: 60, headers: true },
            { events: 3750, bytes: 60, headers: true },
            { events: 1, bytes: 10, headers: true }
          ]
        ],
        takers: [{ max: 100, returns: 0, holds: 0 }],
        segmentBlocks: 24
      },
      { ...CALM, calls: 7 },
      { ...CALM, calls: 131, diskBlocks: 100 }
    ]
  },
  'segments that were never used, back after a power loss, decided which log it is': {
    ...PLAIN,
    lives: [
      {
        ...CALM,
        calls: 96,
        end: 'kill',
        closeCalls: 5,
        segmentBlocks: 5,
        faults: [
          { operations: ['syncFolder'], after: 3, times: Infinity, kind: 'EIO' },
          { operations: ['write'], after: 0, times: 1, kind: 'EIO' }
        ]
      },
      { ...CALM, closeCalls: 1, segmentBlocks: 5, heals: true }
    ]
  },
  ...LONG
}
