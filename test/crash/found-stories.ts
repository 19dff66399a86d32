import type { Fault } from '../../src/testing/simulated-faults.ts'
import { ANY, type Life, type Story } from './story.ts'

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
  fillsAt: undefined,
  heals: false,
  spoilt: []
}

const PLAIN = { seed: 0, spoils: false, folders: 1 }
const FIRST_WRITE_FAILS: Fault = { operations: ['write'], after: 0, times: 1, kind: 'EIO' }

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
  'what was never acknowledged, behind the last event that counts, was reported as damage when read': {
    seed: 1111737179,
    spoils: false,
    folders: 3,
    lives: [
      { ...CALM, calls: 40 },
      {
        ...CALM,
        calls: 18,
        end: 'close',
        takers: [
          { max: 1, returns: 2, holds: 0 },
          { max: 10000, returns: 2, holds: 1 },
          { max: 1, returns: 5, holds: 1 }
        ],
        faults: [{ operations: ['write'], after: 11, times: 1, kind: 'EIO' }]
      },
      {
        ...CALM,
        calls: 91,
        end: 'close',
        putters: [
          [
            { events: 12, bytes: 700, headers: true },
            { events: 1, bytes: 700, headers: false }
          ],
          [
            { events: 7, bytes: 60, headers: true },
            { events: 8, bytes: 5000, headers: false },
            { events: 12, bytes: 5000, headers: true },
            { events: 4, bytes: 60, headers: false },
            { events: 5, bytes: 5000, headers: true }
          ],
          [
            { events: 10, bytes: 60, headers: false },
            { events: 12, bytes: 60, headers: false },
            { events: 6, bytes: 5000, headers: false },
            { events: 8, bytes: 5000, headers: false }
          ]
        ],
        takers: [{ max: 1, returns: 5, holds: 8 }],
        depth: 3,
        memoryBytes: 131072,
        keepFreeSegments: 1,
        verify: true,
        faults: [{ operations: ['write'], after: 3, times: 2, kind: 'EIO' }]
      },
      {
        ...CALM,
        calls: 82,
        end: 'close',
        takers: [
          { max: 7, returns: 0, holds: 1 },
          { max: 100, returns: 0, holds: 0 },
          { max: 7, returns: 2, holds: 0 }
        ],
        segmentBlocks: 8,
        depth: 3,
        memoryBytes: 16777216,
        verify: true,
        codec: 'lz4',
        key: 0,
        diskBlocks: 60,
        faults: [{ operations: ['sync'], after: 4, times: 2, kind: 'EIO' }]
      },
      {
        ...CALM,
        calls: 44,
        end: 'close',
        putters: [
          [
            { events: 1, bytes: 60, headers: true },
            { events: 11, bytes: 60, headers: true },
            { events: 3, bytes: 0, headers: false },
            { events: 9, bytes: 0, headers: false }
          ],
          [
            { events: 1, bytes: 60, headers: true },
            { events: 5, bytes: 700, headers: true },
            { events: 8, bytes: 60, headers: false },
            { events: 9, bytes: 60, headers: false }
          ]
        ],
        takers: [
          { max: 1, returns: 0, holds: 8 },
          { max: 10000, returns: 0, holds: 8 },
          { max: 1, returns: 0, holds: 0 }
        ],
        depth: 2,
        memoryBytes: 131072,
        syncTakes: false,
        codec: 'zstd',
        diskBlocks: 100,
        faults: [{ operations: ['write'], after: 9, times: 2, kind: 'EIO' }]
      },
      {
        ...CALM,
        calls: 26,
        end: 'kill',
        closeCalls: 12,
        putters: [
          [
            { events: 5, bytes: 0, headers: true },
            { events: 10, bytes: 60, headers: true }
          ]
        ],
        takers: [{ max: 1, returns: 2, holds: 0 }],
        segmentBlocks: 5,
        memoryBytes: 16777216,
        keepFreeSegments: 1,
        key: 0,
        faults: [{ operations: ['write', 'sync'], after: 9, times: 1, kind: 'short' }]
      }
    ]
  },
  'a spare was kept whose number came before that of the segment begun meanwhile': {
    seed: 2110489418,
    spoils: false,
    folders: 2,
    lives: [
      {
        ...CALM,
        calls: 93,
        end: 'close',
        putters: [
          [
            { events: 8, bytes: 5000, headers: false },
            { events: 1, bytes: 0, headers: false }
          ],
          [{ events: 7, bytes: 700, headers: false }],
          [{ events: 9, bytes: 700, headers: false }]
        ],
        segmentBlocks: 5,
        diskBlocks: 40
      },
      {
        ...CALM,
        calls: 70,
        segmentBlocks: 8,
        faults: [FIRST_WRITE_FAILS]
      },
      {
        ...CALM,
        calls: 135,
        putters: [
          [
            { events: 1, bytes: 0, headers: false },
            { events: 1, bytes: 0, headers: false }
          ]
        ],
        takers: [
          { max: 10000, returns: 0, holds: 1 },
          { max: 1000, returns: 0, holds: 0 }
        ],
        segmentBlocks: 5,
        memoryBytes: 131072,
        verify: true,
        diskBlocks: 40
      },
      { ...CALM, calls: 15, closeCalls: 0, segmentBlocks: 5 },
      {
        ...CALM,
        calls: 15,
        segmentBlocks: 5,
        faults: [FIRST_WRITE_FAILS]
      }
    ]
  },
  'the draft of a renewed segment, cut short by a power loss, passed for a damaged segment': {
    seed: 549035758,
    folders: 3,
    spoils: false,
    lives: [
      { ...CALM, calls: 99, closeCalls: 0, segmentBlocks: 128, diskBlocks: 100 },
      {
        ...CALM,
        calls: 5,
        segmentBlocks: 5,
        faults: [FIRST_WRITE_FAILS]
      },
      {
        ...CALM,
        calls: 72,
        segmentBlocks: 48,
        faults: [{ operations: ['write'], after: 0, times: Infinity, kind: 'slow' }]
      },
      {
        ...CALM,
        calls: 383,
        end: 'close',
        segmentBlocks: 5,
        diskBlocks: 100,
        faults: [{ operations: ['write', 'sync'], after: 5, times: Infinity, kind: 'EMFILE' }]
      },
      {
        ...CALM,
        calls: 3,
        closeCalls: 0,
        segmentBlocks: 5,
        faults: [
          {
            operations: ANY,
            after: 0,
            times: 5,
            kind: 'EIO'
          },
          FIRST_WRITE_FAILS
        ]
      }
    ]
  }
}
