import { createServer } from 'node:https'
import { WebSocketServer } from 'ws'
import { CLOUD_TLS } from '../../../shared/wire/tls/server.ts'
import { WEBSOCKET_OPTIONS } from '../../../shared/wire/ws/options.ts'

// A bare WebSocket server over TLS that answers each message with a few bytes. Its starter sends the certificate and learns the port.

process.once('message', ({ chainPem, keyPem }: { chainPem: string; keyPem: string }) => {
  const server = createServer({ ...CLOUD_TLS, requestCert: false, cert: chainPem, key: keyPem })
  const sockets = new WebSocketServer({ ...WEBSOCKET_OPTIONS, server })
  sockets.on('connection', (socket) => socket.on('message', () => socket.send('{"first":100000,"ack":100000}')))
  server.listen(0, '127.0.0.1', () => process.send!((server.address() as { port: number }).port))
})
