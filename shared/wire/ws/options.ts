/**
 * For every `WebSocket` and `WebSocketServer`: no compression (it costs ten times the rest), and no real timer. `ws` destroys a socket whose
 * peer does not answer a close after `closeTimeout` of real time: use `closeWebSocket`, which waits in lab time.
 */
export const WEBSOCKET_OPTIONS = { perMessageDeflate: false, closeTimeout: 2_147_483_647 } as const
