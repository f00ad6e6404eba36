/** Given randomness, for test vectors alone: an r that is used twice, or that anybody knows, opens records. */

export {
  hazmat_encapsulate as encapsulate,
  hazmat_encrypt as encrypt,
  hazmat_handshake as handshake,
} from "./phi_pre.js";
