/** What shares need from the kernel. */
export const SHARE_MODULES = ["9p", "9pnet_virtio"] as const;
