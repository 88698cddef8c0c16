import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.soap.SOAPException;
import org.apache.axis.message.MessageElement;
import org.apache.axis.message.SOAPHeaderElement;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/** The busta e-Gov: that of a synchronous request of LAZIO, written as Axis writes header blocks, and that of a reply, read. */
final class Busta {
    static final String SOAP = "http://schemas.xmlsoap.org/soap/envelope/";
    static final String EGOV = "http://www.cnipa.it/schemas/2003/eGovIT/Busta1_0/";
    static final String ACTOR = "http://www.cnipa.it/eGov_it/portadominio";

    /** The ways in which a client of Axis comes to a header block. */
    enum Dress {
        /** Built element by element: prefixes (ns1, ns2, ...) and their places are Axis's choice. */
        BUILT,
        /** The same with text as Java values, to which Axis adds what it knows of their type. */
        TYPED,
        /** A DOM made elsewhere, with the prefixes of its maker. */
        DOM,
    }

    private static int count = 0;

    final String mittente;
    final String servizio;
    /** Null where the service has none. */
    final String azione;
    final String identificatore;
    final String ora;

    private Busta(String mittente, String servizio, String azione, String identificatore, String ora) {
        this.mittente = mittente;
        this.servizio = servizio;
        this.azione = azione;
        this.identificatore = identificatore;
        this.ora = ora;
    }

    /** A new message. Its progressive begins at the millisecond, so that two runs in one minute do not meet. */
    static Busta request(String mittente, String servizio, String azione) {
        LocalDateTime now = LocalDateTime.now(ZoneId.of("Europe/Rome"));
        int progressive = (now.getSecond() * 1000 + now.getNano() / 1_000_000) * 100 + count++ % 100;
        String minute = now.format(DateTimeFormatter.ofPattern("uuuu-MM-dd_HH:mm"));
        String identificatore = String.format("%s_%sSPCoopIT_%07d_%s", mittente, mittente, progressive, minute);
        String ora = now.format(DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS"));
        return new Busta(mittente, servizio, azione, identificatore, ora);
    }

    SOAPHeaderElement header(Dress dress) throws Exception {
        Element block = block();
        SOAPHeaderElement header;
        if (dress == Dress.DOM) {
            header = new SOAPHeaderElement(block);
        } else {
            header = new SOAPHeaderElement(EGOV, "Intestazione");
            rebuild(block, header, dress == Dress.TYPED);
        }
        header.setActor(ACTOR);
        header.setMustUnderstand(true);
        return header;
    }

    /** The block in schema order, without its SOAP attributes. */
    private Element block() throws Exception {
        Document document = DocumentBuilderFactory.newInstance().newDocumentBuilder().newDocument();
        Element block = document.createElementNS(EGOV, "eGov_IT:Intestazione");
        document.appendChild(block);
        Element message = child(block, "IntestazioneMessaggio", null);
        parte(message, "Mittente", mittente);
        parte(message, "Destinatario", "NAZIONALE");
        child(message, "ProfiloCollaborazione", "EGOV_IT_ServizioSincrono");
        child(message, "Servizio", servizio).setAttribute("tipo", "SPC");
        if (azione != null) {
            child(message, "Azione", azione);
        }
        Element inner = child(message, "Messaggio", null);
        child(inner, "Identificatore", identificatore);
        child(inner, "OraRegistrazione", ora).setAttribute("tempo", "EGOV_IT_SPC");
        Element transmission = child(message, "ProfiloTrasmissione", null);
        transmission.setAttribute("inoltro", "EGOV_IT_ALPIUUNAVOLTA");
        transmission.setAttribute("confermaRicezione", "false");
        Element hop = child(child(block, "ListaTrasmissioni", null), "Trasmissione", null);
        parte(hop, "Origine", mittente);
        parte(hop, "Destinazione", "NAZIONALE");
        child(hop, "OraRegistrazione", ora).setAttribute("tempo", "EGOV_IT_SPC");
        return block;
    }

    private static Element child(Element parent, String name, String text) {
        Element child = parent.getOwnerDocument().createElementNS(EGOV, "eGov_IT:" + name);
        parent.appendChild(child);
        if (text != null) {
            child.setTextContent(text);
        }
        return child;
    }

    private static void parte(Element parent, String name, String nome) {
        child(child(parent, name, null), "IdentificativoParte", nome).setAttribute("tipo", "SPC");
    }

    private static void rebuild(Element from, MessageElement to, boolean typed) throws SOAPException {
        for (Element source : children(from)) {
            MessageElement child = new MessageElement(EGOV, source.getLocalName());
            for (int i = 0; i < source.getAttributes().getLength(); i++) {
                Node attribute = source.getAttributes().item(i);
                child.setAttribute(attribute.getNodeName(), attribute.getNodeValue());
            }
            boolean leaf = children(source).isEmpty() && !source.getTextContent().isEmpty();
            if (leaf && typed) {
                child.setObjectValue(source.getTextContent());
            } else if (leaf) {
                child.addTextNode(source.getTextContent());
            } else {
                rebuild(source, child, typed);
            }
            to.addChildElement(child);
        }
    }

    /** The one busta in the header of a reply. */
    static Element only(Element envelope) throws Wrong {
        List<Element> found = new ArrayList<>();
        for (Element part : children(envelope)) {
            for (Element block : children(part)) {
                if (part.getLocalName().equals("Header") && isEgov(block, "Intestazione")) {
                    found.add(block);
                }
            }
        }
        Wrong.unless(found.size() == 1, found.size() + " e-Gov header blocks in the reply, must be one");
        return found.get(0);
    }

    /** The reply's busta derives from this one: parties swapped, reference, an identifier of NAZIONALE, one hop back. */
    String mustBeAnsweredBy(Element block) throws Wrong {
        must(block, "ListaTrasmissioni/Trasmissione/Origine/IdentificativoParte", "NAZIONALE");
        must(block, "ListaTrasmissioni/Trasmissione/Destinazione/IdentificativoParte", mittente);
        return mustBeRefusedBy(block);
    }

    /** The same without the hop, which the reply to a party that is not known lacks. */
    String mustBeRefusedBy(Element block) throws Wrong {
        must(block, "IntestazioneMessaggio/Mittente/IdentificativoParte", "NAZIONALE");
        must(block, "IntestazioneMessaggio/Destinatario/IdentificativoParte", mittente);
        must(block, "IntestazioneMessaggio/ProfiloCollaborazione", "EGOV_IT_ServizioSincrono");
        must(block, "IntestazioneMessaggio/Servizio", servizio);
        must(block, "IntestazioneMessaggio/Azione", azione);
        must(block, "IntestazioneMessaggio/Messaggio/RiferimentoMessaggio", identificatore);
        Wrong.unless(ACTOR.equals(block.getAttributeNS(SOAP, "actor")), "the reply's busta has another actor");
        String answered = text(block, "IntestazioneMessaggio/Messaggio/Identificatore");
        boolean formed = answered != null
            && answered.matches("NAZIONALE_NAZIONALESPCoopIT_\\d{7}_\\d{4}-\\d\\d-\\d\\d_\\d\\d:\\d\\d");
        Wrong.unless(formed, "Identificatore of the reply " + answered + " is not one of NAZIONALE");
        return answered;
    }

    /** Codes and places of the exceptions, in their order. */
    static List<String> eccezioni(Element block) {
        List<String> found = new ArrayList<>();
        for (Element eccezione : all(block, "ListaEccezioni/Eccezione")) {
            found.add(eccezione.getAttribute("codiceEccezione") + " " + eccezione.getAttribute("posizione"));
        }
        return found;
    }

    private static void must(Element block, String path, String wanted) throws Wrong {
        String found = text(block, path);
        boolean same = wanted == null ? found == null : wanted.equals(found);
        Wrong.unless(same, path + " is " + found + ", must be " + wanted);
    }

    private static String text(Element from, String path) {
        List<Element> found = all(from, path);
        return found.isEmpty() ? null : found.get(0).getTextContent();
    }

    private static List<Element> all(Element from, String path) {
        List<Element> found = List.of(from);
        for (String name : path.split("/")) {
            List<Element> next = new ArrayList<>();
            for (Element parent : found) {
                children(parent).stream().filter(child -> isEgov(child, name)).forEach(next::add);
            }
            found = next;
        }
        return found;
    }

    private static boolean isEgov(Element element, String name) {
        return EGOV.equals(element.getNamespaceURI()) && name.equals(element.getLocalName());
    }

    private static List<Element> children(Element parent) {
        List<Element> found = new ArrayList<>();
        for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element) {
                found.add((Element) node);
            }
        }
        return found;
    }
}
