package dev.paligemma.server.internal.picture;

import java.net.InetAddress;

/**
 * Tells addresses of the internet from those of this machine, of private networks, and of special use (RFC 6890 and the registries of
 * IANA). Stateless.
 */
final class PublicAddresses {
    private PublicAddresses() {}

    static boolean isPublic(InetAddress address) {
        if (address.isAnyLocalAddress()
                || address.isLoopbackAddress()
                || address.isLinkLocalAddress()
                || address.isSiteLocalAddress()
                || address.isMulticastAddress()) {
            return false;
        }
        byte[] bytes = address.getAddress();
        return bytes.length == 4 ? isPublic4(bytes) : isPublic6(bytes);
    }

    private static boolean isPublic4(byte[] a) {
        int first = a[0] & 255;
        int second = a[1] & 255;
        int third = a[2] & 255;
        return first != 0
                && first != 10
                && first != 127
                && first < 224
                && !(first == 100 && second >= 64 && second < 128)
                && !(first == 169 && second == 254)
                && !(first == 172 && second >= 16 && second < 32)
                && !(first == 192 && second == 168)
                && !(first == 192 && second == 0 && (third == 0 || third == 2))
                && !(first == 192 && second == 88 && third == 99)
                && !(first == 198 && (second == 18 || second == 19))
                && !(first == 198 && second == 51 && third == 100)
                && !(first == 203 && second == 0 && third == 113);
    }

    /** Of the global unicast 2000::/3, without what leads to addresses of version 4 or is for documents. */
    private static boolean isPublic6(byte[] a) {
        int first = (a[0] & 255) << 8 | (a[1] & 255);
        int second = (a[2] & 255) << 8 | (a[3] & 255);
        boolean global = first >> 13 == 1;
        boolean special = first == 0x2001 && (second < 0x200 || second == 0xdb8);
        boolean sixToFour = first == 0x2002;
        boolean documents = first == 0x3fff && second < 0x1000;
        return global && !special && !sixToFour && !documents;
    }
}
