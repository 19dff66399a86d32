import { CALM, FIRST_WRITE_FAILS } from './calm-life.ts'
import { ANY, type Story } from './story.ts'

/** As FOUND, those that stay long however much they are cut. */
export const LONG: Readonly<Record<string, Story>> = {
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
