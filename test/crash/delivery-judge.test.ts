import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Account, Conversation } from './account.ts'
import { DeliveryJudge } from './delivery-judge.ts'
import { numberedLine, originOf, sequenceOf } from './numbered-lines.ts'

/** Lines of a client, `from` and `to` included. */
function lines(client: string, from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => numberedLine(client, from + i))
}

type Lives = readonly (readonly [readonly string[], 'killed' | 'stopped'])[]

/**
 * What is wrong with these lives, where two lines may come again. Client `a` was answered 0 to 9 over a connection that
 * broke after it had sent 14, and 15 to 19 over the next one; `b` was answered 0 to 4, number 2 with a refusal.
 */
function judged(lives: Lives, forgets?: number): readonly string[] {
  const [a, b] = [new Account('a'), new Account('b')]
  a.begin(new Conversation(0, 15)).answered = 10
  a.begin(new Conversation(15, 5))
  b.begin(new Conversation(0, 5)).refused.add(2)
  const judge = new DeliveryJudge({ inHand: 2, forgets, account: name => ({ a, b })[name] })
  for (const [delivered, ending] of lives) judge.life(delivered, ending)
  judge.end([a, b])
  return judge.wrong
}

const [B, A, REST] = [[...lines('b', 0, 1), ...lines('b', 3, 4)], lines('a', 0, 9), lines('a', 15, 19)]

const SOUND: Readonly<Record<string, Lives>> = {
  'everything in one life': [[[...B, ...A, ...REST], 'stopped']],
  'lines that were not answered': [[[...A, ...lines('a', 10, 12), ...B, ...REST], 'stopped']],
  'a refused line, after a kill': [[[...A, ...lines('b', 0, 4), ...REST], 'stopped']],
  'two lines again after a kill': [
    [[...A, ...B], 'killed'],
    [[...B.slice(2), ...REST], 'killed'],
    [[], 'killed'],
    [REST.slice(3), 'stopped']
  ]
}

for (const [name, lives] of Object.entries(SOUND)) {
  test(`nothing is wrong with ${name}`, () => {
    assert.deepEqual(judged(lives), [])
  })
}

const WRONG: Readonly<Record<string, readonly [Lives, RegExp]>> = {
  'an acknowledged line that never comes': [
    [[[...B, ...A, ...REST.slice(0, 4)], 'stopped']],
    /1 acknowledged lines of a are lost, first 19/
  ],
  'acknowledged lines of an earlier connection that never come': [
    [[[...B, ...A.slice(0, 7), ...REST], 'stopped']],
    /3 acknowledged lines of a are lost, first 7/
  ],
  'a hole within a connection': [
    [[[...B, ...A, ...lines('a', 11, 12), ...REST], 'stopped']],
    /1 lines of a in front of 11 are missing/
  ],
  'lines of a client in another order': [
    [[[...B, ...A.toSpliced(3, 2, ...A.slice(3, 5).reverse()), ...REST], 'stopped']],
    /a:3 comes again or late/
  ],
  'clients that are mixed in another way when they come again': [
    [
      [[...A, ...REST.slice(0, 1), ...B.slice(0, 1)], 'killed'],
      [[...B.slice(0, 1), ...REST.slice(0, 1), ...B.slice(1), ...REST.slice(1)], 'stopped']
    ],
    /a:15:\S* comes again|a:15 comes again|b:0:\S* before/
  ],
  'more lines again than were in hand': [
    [
      [[...A, ...B], 'killed'],
      [[...B.slice(1), ...REST], 'stopped']
    ],
    /b:1 comes again/
  ],
  'lines again after a clean stop': [
    [
      [[...A, ...B], 'stopped'],
      [[...B.slice(3), ...REST], 'stopped']
    ],
    /b:4 comes again/
  ],
  'lines that were committed by a life after the one that first gave them out': [
    [
      [[...A, ...B], 'killed'],
      [[...B.slice(2), ...REST], 'killed'],
      [[...B.slice(3)], 'stopped']
    ],
    /b:4 comes again/
  ],
  'lines that were not committed, and are not given out again': [
    [
      [[...A, ...B], 'killed'],
      [B.slice(2, 3), 'killed'],
      [REST, 'stopped']
    ],
    /not committed are not given out again/
  ],
  'a line twice in one life': [[[[...B, ...A, ...A.slice(9), ...REST], 'stopped']], /a:9 comes again/],
  'a line that nobody sent': [
    [[[...B, ...A, numberedLine('a', 20), ...REST], 'stopped']],
    /a:20 was never sent/
  ],
  'a changed line': [[[[...B, ...A, ...REST, 'b:1:xxxx'], 'stopped']], /Nobody sent "b:1:xxxx"/],
  'a line of an unknown client': [
    [[[...B, ...A, ...REST, numberedLine('c', 0)], 'stopped']],
    /Nobody sent "c:0:"/
  ]
}

for (const [name, [lives, message]] of Object.entries(WRONG)) {
  test(`it is wrong to deliver ${name}`, () => {
    assert.match(judged(lives).join('\n'), message)
  })
}

test('a channel that keeps events in memory may lose as many with each kill, and no more', () => {
  const lives: Lives = [
    [[...B, ...A.slice(0, 8)], 'killed'],
    [[...REST], 'stopped']
  ]

  assert.deepEqual([judged(lives, 2), judged(lives, 1).length], [[], 1])
})

test('a line says where it comes from, with and without headers', () => {
  const found = [
    'c1:4:xxxxxxxxxxxxxxxxxxxxxxxxxxxx',
    '{} c1:1:xxxxxxx',
    '{life=3} 17',
    'c1:01:',
    'c1:1:',
    '{life=3} x'
  ]

  assert.deepEqual(found.map(originOf), [
    { producer: 'c1', number: 4 },
    { producer: 'c1', number: 1 },
    { producer: sequenceOf(3), number: 17 },
    undefined,
    undefined,
    undefined
  ])
})
