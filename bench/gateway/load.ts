/** Runs wrk against a side of the benchmark and reads what the side's process and the load cost in CPU time. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'

export type Round = {
  readonly perSecond: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Microseconds of CPU time, user and system, that the side spent on a request. */
  readonly cpuUs: number
  /** CPU time of wrk, in microseconds. */
  readonly loadUs: number
  readonly seconds: number
  /** Answers that were not 200. */
  readonly wrong: number
}

/** `_SC_CLK_TCK`: what Linux counts CPU time of a process in, since it is fixed for programs at 100 a second. */
const ticksPerSecond = 100

/** User and system time of a process and its children, in microseconds. */
export function cpuTime(pid: number): number {
  let ticks = 0
  for (const each of [pid, ...childrenOf(pid)]) {
    // The name of the program is in parentheses and may hold spaces; fields are counted behind it.
    const fields = readFileSync(`/proc/${each}/stat`, 'utf8').split(') ')[1]!.split(' ')
    ticks += Number(fields[11]) + Number(fields[12])
  }
  return (ticks / ticksPerSecond) * 1e6
}

/** A process that has ended tells nothing any more, so wrk is asked shortly before. */
async function cpuTimeNearEnd(pid: number, seconds: number): Promise<number> {
  const share = 0.9
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000 * share))
  return cpuTime(pid) / share
}

/** Share of a core that so much CPU time takes. */
export function busyShare(cpuUs: number, seconds: number): number {
  return cpuUs / (seconds * 1e6)
}

function childrenOf(pid: number): readonly number[] {
  const threads = readdirSync(`/proc/${pid}/task`)
  return threads.flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean)
      .map(Number),
  )
}

export async function load(options: {
  readonly port: number
  readonly pid: number
  readonly path: string
  readonly seconds: number
  readonly core: number
  readonly key: string
}): Promise<Round> {
  const { port, pid, path, seconds, core, key } = options
  const before = cpuTime(pid)
  const wrk = ['wrk', '-t1', '-c32', `-d${seconds}s`, '--latency', '-H', `Authorization: Bearer ${key}`]
  const url = `http://127.0.0.1:${port}${path}`
  const child = spawn('taskset', ['-c', String(core), ...wrk, url])
  const loadUs = cpuTimeNearEnd(child.pid!, seconds)
  const text = await output(child)
  const spent = cpuTime(pid) - before
  const requests = Number(/(\d+) requests in/.exec(text)?.[1])
  if (!(requests > 0)) throw new Error(`wrk made no requests:\n${text}`)
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]),
    p50: milliseconds(text, '50%'),
    p99: milliseconds(text, '99%'),
    cpuUs: spent / requests,
    loadUs: await loadUs,
    seconds,
    wrong: Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0),
  }
}

function milliseconds(text: string, percentile: string): number {
  const [, number, unit] = new RegExp(`${percentile}\\s+([\\d.]+)(us|ms|s)`).exec(text) ?? []
  return Number(number) * (unit === 'us' ? 0.001 : unit === 's' ? 1000 : 1)
}

async function output(child: ChildProcess): Promise<string> {
  const chunks: Buffer[] = []
  child.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr!.on('data', (chunk: Buffer) => chunks.push(chunk))
  await new Promise((resolve, reject) => child.on('close', resolve).on('error', reject))
  return Buffer.concat(chunks).toString('utf8')
}
