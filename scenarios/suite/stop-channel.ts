/** Where threads that run scenarios hear that they are to stop: signals come to the main thread only. */
export const stopChannel = "houseguest-stop";
