/** Which network addresses a call of ours may reach: public unicast, by the special-purpose registries of IANA. */
import { BlockList, isIP } from 'node:net'

const special4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  // Multicast, reserved and broadcast.
  '224.0.0.0/3',
]

/** Inside 2000::/3, which is all of IPv6 that is given out for global unicast (RFC 4291 §2.4). */
const special6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']

export type Reach = 'public' | 'loopback' | 'special'

export function createReach(): (address: string) => Reach {
  const special = new BlockList()
  const global = new BlockList()
  const loopback = new BlockList()
  const add = (list: BlockList, range: string) => {
    const [network = '', bits = ''] = range.split('/')
    list.addSubnet(network, Number(bits), network.includes(':') ? 'ipv6' : 'ipv4')
  }
  for (const range of [...special4, ...special6]) add(special, range)
  add(global, '2000::/3')
  add(loopback, '127.0.0.0/8')
  loopback.addAddress('::1', 'ipv6')
  return (address) => {
    const version = isIP(address)
    if (version === 0 || address.includes('%')) return 'special'
    const family = version === 4 ? 'ipv4' : 'ipv6'
    // An IPv4 address in IPv6 clothes (::ffff:127.0.0.1) is in no list of its own: nobody needs to write it so.
    if (family === 'ipv6' && /^[0:]*:ffff:/i.test(address)) return 'special'
    if (loopback.check(address, family)) return 'loopback'
    if (special.check(address, family)) return 'special'
    return family === 'ipv4' || global.check(address, family) ? 'public' : 'special'
  }
}
