import java.io.StringReader;
import java.util.HashSet;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.activation.DataHandler;
import javax.mail.util.ByteArrayDataSource;
import javax.xml.namespace.QName;
import javax.xml.parsers.DocumentBuilderFactory;
import org.apache.axis.AxisFault;
import org.apache.axis.MessageContext;
import org.apache.axis.attachments.AttachmentPart;
import org.apache.axis.client.Call;
import org.apache.axis.client.Stub;
import org.apache.axis.configuration.BasicClientConfig;
import org.apache.axis.handlers.BasicHandler;
import org.apache.axis.message.SOAPHeaderElement;
import org.apache.axis.transport.http.HTTPConstants;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

/** What makes a porta di dominio of Axis: each call goes out with a busta, and the busta of each reply is claimed and checked. */
final class Porta {
    static final String FORMATO = "EGOV_IT_001 - Formato Busta non corretto";

    /** Axis refuses a reply with a mustUnderstand that nobody claims, whoever its actor is. */
    private static final class Understood extends BasicHandler {
        private static final long serialVersionUID = 1L;

        @Override
        public void invoke(MessageContext context) throws AxisFault {
            for (Object block : context.getResponseMessage().getSOAPEnvelope().getHeaders()) {
                SOAPHeaderElement header = (SOAPHeaderElement) block;
                boolean busta = header.getQName().equals(new QName(Busta.EGOV, "Intestazione"));
                if (busta && Busta.ACTOR.equals(header.getActor())) {
                    header.setProcessed(true);
                }
            }
        }
    }

    interface Invocation<T> {
        T run() throws Exception;
    }

    /** For the locators and services through which this porta calls. */
    final BasicClientConfig configuration = new BasicClientConfig();
    private final boolean show;
    private final Set<String> answered = new HashSet<>();

    Porta(boolean show) {
        this.show = show;
        configuration.setGlobalResponse(new Understood());
    }

    /** One call through a stub that WSDL2Java made. */
    <T> T call(Object port, Busta request, Busta.Dress dress, Invocation<T> invocation) throws Exception {
        Stub stub = (Stub) port;
        T value = send(stub, request, dress, invocation);
        mustBeAnswered(stub._getCall(), request, true);
        return value;
    }

    /** The same with the busta of an earlier call: its recorded reply comes back as it was. */
    <T> T repeat(Object port, Busta request, Busta.Dress dress, Invocation<T> invocation) throws Exception {
        Stub stub = (Stub) port;
        T value = send(stub, request, dress, invocation);
        mustBeAnswered(stub._getCall(), request, false);
        return value;
    }

    /** One call without a stub. */
    Object call(Call call, Busta request, Busta.Dress dress, Object... parameters) throws Exception {
        call.addHeader(request.header(dress));
        Object value;
        try {
            value = call.invoke(parameters);
        } finally {
            show(call);
        }
        mustBeAnswered(call, request, true);
        return value;
    }

    /** A call that must be refused: a fault of the protocol, exact to the letter, and the reasons in the busta. */
    void mustBeRefused(Object port, Busta request, List<String> eccezioni, Invocation<String> invocation) throws Exception {
        Stub stub = (Stub) port;
        try {
            String answer = send(stub, request, Busta.Dress.BUILT, invocation);
            Wrong.unless(false, "accepted, and answered " + answer);
        } catch (AxisFault fault) {
            Wrong.unless(FORMATO.equals(fault.getFaultString()), "faultstring " + fault.getFaultString());
            Wrong.unless(fault.getFaultCode().equals(new QName(Busta.SOAP, "Client")), "faultcode " + fault.getFaultCode());
            Element block = Busta.only(envelope(stub._getCall()));
            request.mustBeRefusedBy(block);
            Wrong.unless(Busta.eccezioni(block).equals(eccezioni), "ListaEccezioni holds " + Busta.eccezioni(block));
        }
    }

    /**
     * A call with an attachment, in chunks over HTTP/1.1. The Content-Length that Axis writes over HTTP/1.0 is wrong with today's
     * JavaMail: it leaves out the line Date: that JavaMail puts before the first boundary, and so cuts the package short.
     */
    static <T> T withAttachment(Object port, AttachmentPart part, Invocation<T> invocation) throws Exception {
        Stub stub = (Stub) port;
        stub.addAttachment(part);
        stub._setProperty(MessageContext.HTTP_TRANSPORT_VERSION, HTTPConstants.HEADER_PROTOCOL_V11);
        stub._setProperty(HTTPConstants.REQUEST_HEADERS, new Hashtable<>(
            Map.of(HTTPConstants.HEADER_TRANSFER_ENCODING, HTTPConstants.HEADER_TRANSFER_ENCODING_CHUNKED)));
        try {
            return invocation.run();
        } finally {
            stub.clearAttachments();
            stub.removeProperty(MessageContext.HTTP_TRANSPORT_VERSION);
            stub.removeProperty(HTTPConstants.REQUEST_HEADERS);
        }
    }

    static AttachmentPart part(String type, byte[] content) {
        return new AttachmentPart(new DataHandler(new ByteArrayDataSource(content, type)));
    }

    static Element parse(String text) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        return factory.newDocumentBuilder().parse(new InputSource(new StringReader(text))).getDocumentElement();
    }

    private <T> T send(Stub stub, Busta request, Busta.Dress dress, Invocation<T> invocation) throws Exception {
        stub.clearHeaders();
        stub.setHeader(request.header(dress));
        try {
            return invocation.run();
        } finally {
            show(stub._getCall());
        }
    }

    private void mustBeAnswered(Call call, Busta request, boolean fresh) throws Exception {
        Element block = Busta.only(envelope(call));
        String identificatore = request.mustBeAnsweredBy(block);
        List<String> eccezioni = Busta.eccezioni(block);
        Wrong.unless(eccezioni.isEmpty(), "ListaEccezioni holds " + eccezioni + ", must be absent");
        Wrong.unless(answered.add(identificatore) || !fresh, "the reply's Identificatore " + identificatore + " was used before");
    }

    private static Element envelope(Call call) throws Exception {
        return parse(call.getResponseMessage().getSOAPPartAsString());
    }

    private void show(Call call) throws Exception {
        if (show && call.getResponseMessage() != null) {
            System.out.println(call.getMessageContext().getRequestMessage().getSOAPPartAsString());
            System.out.println(call.getResponseMessage().getSOAPPartAsString());
        }
    }
}
